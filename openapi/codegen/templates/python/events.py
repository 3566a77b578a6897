{{ generated("#") }}
# pyright: reportUnusedImport=false
"""What happens: one class for each kind of event, and one for the deliveries of it to a webhook."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Dict, List, Literal, Mapping, Optional, Type, Union, cast

import msgspec
from msgspec import Struct, field

from .._answers import Answer, making
from ..errors import OpenWAWebhookError
from . import types

__all__ = [
    "Delivery",
    "Event",
    "UnknownDelivery",
    "UnknownEvent",
{% for name in (events | map(attribute="class") | list + events | map(attribute="delivery") | list) | sort %}
    "{{ name }}",
{% endfor %}
]


class _Event(Struct, kw_only=True, rename="camel", tag_field="event", gc=False):
    """An event of the log."""

{% for field in envelope %}
    {{ field.name }}: {{ field.kind }}{{ field.default }}
{{ field.description | docstring(4) }}
{% endfor %}


class _Delivery(Struct, kw_only=True, rename="camel", tag_field="event", gc=False):
    """What a webhook brings."""

{% for field in delivery_envelope %}
    {{ field.name }}: {{ field.kind }}{{ field.default }}
{{ field.description | docstring(4) }}
{% endfor %}
{% for it in events %}


class {{ it.class }}(_Event, kw_only=True, tag={{ it.wire }}):
{{ it.description | docstring(4) }}

    event: ClassVar[Literal[{{ it.wire }}]] = {{ it.wire }}
    data: types.{{ it.data }}


class {{ it.delivery }}(_Delivery, kw_only=True, tag={{ it.wire }}):
    """A delivery of ``{{ it.wire | replace('"', "") }}``."""

    event: ClassVar[Literal[{{ it.wire }}]] = {{ it.wire }}
    data: types.{{ it.data }}
{% endfor %}


class UnknownEvent(Struct, kw_only=True, rename="camel", gc=False):
    """An event of a kind that this version does not know."""

    event: str
    data: Dict[str, Any]
{% for field in envelope %}
    {{ field.name }}: {{ field.kind }}{{ field.default }}
{% endfor %}


class UnknownDelivery(Struct, kw_only=True, rename="camel", gc=False):
    """A delivery of a kind that this version does not know, or of ``test``."""

    event: str
    data: Dict[str, Any]
{% for field in delivery_envelope %}
    {{ field.name }}: {{ field.kind }}{{ field.default }}
{% endfor %}


_KnownEvent = Union[
{% for it in events %}
    {{ it.class }},
{% endfor %}
]

_KnownDelivery = Union[
{% for it in events %}
    {{ it.delivery }},
{% endfor %}
]

Event = Union[_KnownEvent, UnknownEvent]
"""Any event; ``event.event`` says which."""

Delivery = Union[_KnownDelivery, UnknownDelivery]
"""Any delivery; ``delivery.event`` says of what."""

_KINDS: Mapping[str, Type[Struct]] = {
{% for it in events %}
    {{ it.wire }}: {{ it.class }},
{% endfor %}
}

WITH_KNOWN: Mapping[str, Type[Struct]] = {
{% for it in holders %}
    "{{ it.name }}": msgspec.defstruct(
        "{{ it.name }}",
        [{% for name in it.fields %}("{{ name }}", List[_KnownEvent]){% if not loop.last %}, {% endif %}{% endfor %}],
        bases=(types.{{ it.name }},),
        kw_only=True,
    ),
{% endfor %}
}
"""What has lists of events, for answers in which all of them are known: those are read in one go."""

_known_event: Answer[Event] = Answer("_KnownEvent", __name__)
_unknown_event: Answer[Event] = Answer("UnknownEvent", __name__)
# `event_of` goes around them, and needs their structs to be complete.
_known_event.prepare()
_unknown_event.prepare()


class _Kind(Struct, gc=False):
    event: str


with making:
    _kind = msgspec.json.Decoder(_Kind)
    _known_delivery = msgspec.json.Decoder(_KnownDelivery)
    _unknown_delivery = msgspec.json.Decoder(UnknownDelivery)


def read_event(kind: str, body: bytes) -> Event:
    """Reads an event of the stream."""
    return _known_event(body) if kind in _KINDS else _unknown_event(body)


def event_of(value: Mapping[str, Any]) -> Event:
    """An event that is decoded to plain values already."""
    return cast("Event", msgspec.convert(value, _KINDS.get(str(value.get("event")), UnknownEvent)))


def read_delivery(body: bytes) -> Delivery:
    """Reads the body of a delivery."""
    delivery: Delivery
    try:
        if _kind.decode(body).event in _KINDS:
            delivery = _known_delivery.decode(body)
        else:
            delivery = _unknown_delivery.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OpenWAWebhookError(f"the body is not a delivery of OpenWA: {error}", "unreadable") from error
    return delivery
