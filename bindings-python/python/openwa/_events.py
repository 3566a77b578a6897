"""Events as they come, over as many connections as it takes."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type

from . import _native

if TYPE_CHECKING:
    from ._generated.events import Event


class EventStream:
    """An iterator over events that goes on where it was when a connection is lost."""

    __slots__ = ("_native", "_read")

    def __init__(self, native: _native.Events) -> None:
        # The classes of events are made when the first stream is.
        from ._generated.events import read_event

        self._native = native
        self._read = read_event

    @property
    def last_id(self) -> Optional[str]:
        """The place of the last event that was taken: give it as ``after`` to go on from there."""
        return self._native.last_id

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> Event:
        while True:
            event = self._native.take()
            if event is not None:
                return self._read(event[1], event[2])
            if not self._native.wait():
                raise StopIteration

    def close(self) -> None:
        """Ends the stream; whoever waits for it is told."""
        self._native.close()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._native.close()
