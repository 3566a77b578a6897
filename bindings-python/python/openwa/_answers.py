"""From the bytes of an answer to the type that the document promises."""

from __future__ import annotations

import os
from importlib import import_module
from threading import Lock
from typing import Any, Callable, Dict, Generic, TypeVar, cast

import msgspec

from ._open import AnyEvent
from .errors import OpenWADecodeError, read_body

T = TypeVar("T")

making = Lock()
"""Held while decoders are made: msgspec shows a struct to other threads before it knows all of its fields."""

if hasattr(os, "register_at_fork"):
    # A child must not find it held by a thread that it does not have.
    os.register_at_fork(before=making.acquire, after_in_parent=making.release, after_in_child=making.release)


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

    def prepare(self) -> None:
        """Works out what reading takes."""
        # Imports come before the lock: whoever imports the events waits for it.
        # The kind is a name of the generated code, such as `List[Session]`: only there does it mean something.
        kind = eval(self._kind, vars(import_module(self._module)))
        known = _with_known(self._kind) if self._has_events else None
        with making:
            read = cast("Callable[[bytes], T]", msgspec.json.Decoder(kind, dec_hook=_event).decode)
            self._read = read if known is None else _read_known(msgspec.json.Decoder(known), read)

    def _first(self, body: bytes) -> T:
        self.prepare()
        return self._read(body)


def _with_known(kind: str) -> Any:
    from ._generated.events import WITH_KNOWN

    return WITH_KNOWN[kind]


def _read_known(known: msgspec.json.Decoder[Any], slowly: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Reads in one go what has known events only, and slowly what has others among them."""

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
