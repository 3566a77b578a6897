"""From keyword arguments to the bytes of a request."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple, Union

import msgspec

_encoder = msgspec.json.Encoder()
_encode = _encoder.encode

NULLABLE: Mapping[str, Any] = {}


def encode(fields: Dict[str, Any], nullable: Mapping[str, Any] = NULLABLE) -> bytes:
    """JSON of the arguments that were given; ``None`` is a value only of those that can be null."""
    given = {name: value for name, value in fields.items() if value is not None}
    if nullable:
        given.update((name, value) for name, value in nullable.items() if value is not msgspec.UNSET)
    return _encode(given)


def encode_any(value: Any) -> bytes:
    """JSON of whatever JSON can say."""
    return _encode(value)


def form(fields: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """The same as fields of a form: strings as they are, everything else as JSON."""
    return [(name, _text(value)) for name, value in fields.items() if value is not None]


def _text(value: Union[str, object]) -> str:
    return str(value) if isinstance(value, str) else _encode(value).decode()
