{{ generated("#") }}
# pyright: reportUnusedImport=false
"""What the methods of the clients take and bring."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional

from msgspec import Struct, field

from .._open import AnyEvent, OpenEnum

if TYPE_CHECKING:
    from .events import Event
else:
    Event = AnyEvent

__all__ = [
{% for name in (enums + structs) | map(attribute="name") | sort %}
    "{{ name }}",
{% endfor %}
]


class Model(Struct, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A struct of the document."""
{% for it in enums %}


class {{ it.name }}(OpenEnum):
{{ it.description | docstring(4) }}

{% for name, value in it["values"] %}
    {{ name }} = {{ value }}
{% endfor %}
{% endfor %}
{% for it in structs %}


class {{ it.name }}(Model, kw_only=True):
{{ it.description | docstring(4) }}
{% if it.fields %}

{% for field in it.fields %}
    {{ field.name }}: {{ field.kind }}{{ field.default }}
{% if field.description %}
{{ field.description | docstring(4) }}
{% endif %}
{% endfor %}
{% endif %}
{% endfor %}
