"""From the bytes of an answer to the type that the document promises."""

from __future__ import annotations

from importlib import import_module
from threading import Lock
from typing import Any, Callable, Dict, Generic, TypeVar, cast

import msgspec

from ._open import AnyEvent
from .errors import OpenWADecodeError, read_body

T = TypeVar("T")

_working_out = Lock()
"""One decoder is made at a time: msgspec lets a second thread see a class that it is still working out, and crashes."""


class Answer(Generic[T]):
    """Reads answers of one type. What that takes is worked out when the first one comes."""

    __slots__ = ("_has_events", "_kind", "_module", "_read")

    def __init__(self, kind: str, module: str = "openwa._generated.types", *, has_events: bool = False) -> None:
        self._kind = kind
        self._module = module
        self._has_events = has_events
        self._read: Callable[[bytes], T] = self._first

    def __call__(self, body: bytes, status: int = 200) -> T:
        try:
            return self._read(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            failure = OpenWADecodeError(
                f"the gateway's answer does not read as expected: {error}; check that the base URL leads to "
                "a gateway of a version this client knows"
            )
            failure.status, failure.raw_body = status, body
            failure.body = read_body(body.decode("utf-8", "replace"))
            raise failure from error

    def _first(self, body: bytes) -> T:
        # A name of the generated code, such as `List[Session]`: only there does it mean something.
        kind = eval(self._kind, vars(import_module(self._module)))
        read = cast("Callable[[bytes], T]", msgspec.json.Decoder(kind, dec_hook=_event).decode)
        self._read = self._read_known(read) if self._has_events else read
        return self._read(body)

    def _read_known(self, slowly: Callable[[bytes], T]) -> Callable[[bytes], T]:
        """Reads in one go what has known events only, and slowly what has others among them."""
        from ._generated.events import WITH_KNOWN

        known = msgspec.json.Decoder(WITH_KNOWN[self._kind])

        def read(body: bytes) -> T:
            try:
                return cast("T", known.decode(body))
            except msgspec.ValidationError:
                return slowly(body)

        return read


def _event(kind: Any, value: Any) -> Any:
    """What `msgspec` cannot tell by itself: which event this is."""
    if kind is not AnyEvent or not isinstance(value, dict):
        raise NotImplementedError
    from ._generated.events import event_of

    return event_of(cast("Dict[str, Any]", value))
