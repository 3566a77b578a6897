{{ generated("#") }}
# pyright: reportUnusedImport=false
"""The same types as dicts of JSON, for those who have them as such. Only type checkers read this."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Optional, TypedDict

if sys.version_info >= (3, 11):
    from typing import NotRequired, Required
else:
    from typing_extensions import NotRequired, Required

{% for it in structs %}
{% if it.is_plain %}

class {{ it.name }}(TypedDict):
{{ it.description | docstring(4) }}

{% for field in it.fields %}
    {{ field.wire }}: {% if field.required %}{{ field.plain }}{% else %}NotRequired[{{ field.plain }}]{% endif %}

{% else %}
    pass
{% endfor %}
{% else %}

{{ it.name }} = TypedDict(
    "{{ it.name }}",
    {
{% for field in it.fields %}
        "{{ field.wire }}": {% if field.required %}"{{ field.plain }}"{% else %}"NotRequired[{{ field.plain }}]"{% endif %},
{% endfor %}
    },
)
{% endif %}
{% endfor %}
