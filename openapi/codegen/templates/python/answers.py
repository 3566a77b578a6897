{{ generated("#") }}
# pyright: reportUnusedImport=false
"""The types of answers. They are imported when the first answer comes, not when the package is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from .._answers import Answer

if TYPE_CHECKING:
    from . import types as _types

{% for it in answers %}
{{ it.constant }}: Answer[{{ it.kind }}] = Answer("{{ it.kind | replace("_types.", "") }}"{{ ", has_events=True" if it.has_events else "" }})
{% endfor %}
