{{ generated("#") }}
"""The types of answers, each read by what it takes."""

from __future__ import annotations

from typing import Dict, List

from .._answers import Answer
from . import types as _types

{% for it in answers %}
{{ it.constant }}: Answer[{{ it.kind }}] = Answer({{ it.kind }})
{% endfor %}
