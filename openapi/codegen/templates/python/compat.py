{{ generated("#") }}
# pyright: reportUnusedImport=false
"""The resources of OpenWA's own Python SDK: the same names, parameters and bodies, dicts in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, cast

from .._plain import Media, Transport, given, segment

if TYPE_CHECKING:
    from . import dicts

{% for resource in resources %}

class {{ resource.class }}:
    """``client.{{ resource.name }}``"""

    def __init__(self, http: Transport) -> None:
        self._http = http
{% for it in resource.methods %}

    def {{ it.name }}(
        self,
{% for parameter in it.parameters %}
        {{ parameter }},
{% endfor %}
    ) -> {{ it.returns }}:
{{ it.summary | docstring(8) }}
{% set arguments %}{{ it.method }}, {{ it.path }}{% if it.query %}, query={{ it.query }}{% endif %}{% if it.body %}, body={{ it.body }}{% endif %}{% if it.keyed %}, idempotency_key=idempotency_key{% endif %}{% endset %}
{% if it.gives == "bytes" %}
        return self._http.media({{ arguments }})
{% elif it.gives == "none" %}
        self._http.request({{ arguments }})
{% else %}
        answer = self._http.request({{ arguments }})
        return cast("{{ it.returns }}", answer)
{% endif %}
{% endfor %}

{% endfor %}

class Resources:
    """Every resource of the SDK."""

    _http: Transport
{% for resource in resources %}

    @property
    def {{ resource.name }}(self) -> {{ resource.class }}:
        """``client.{{ resource.name }}``"""
        return {{ resource.class }}(self._http)
{% endfor %}
