"""Events as they come, over as many connections as it takes."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, Type, cast

from . import _native
from ._generated.events import Event, read_event
from ._loop import told


class EventStream:
    """An iterator over events that goes on where it was when a connection is lost."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Events) -> None:
        self._native = native

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
                return read_event(event[1], event[2])
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


class AsyncEventStream:
    """As :class:`EventStream`, for ``async for``. A wait that is cancelled loses no event."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Events) -> None:
        self._native = native

    @property
    def last_id(self) -> Optional[str]:
        """The place of the last event that was taken: give it as ``after`` to go on from there."""
        return self._native.last_id

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._native.take()
            if event is not None:
                return read_event(event[1], event[2])
            if not cast(bool, await told(self._native.submit_wait)):
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends the stream; whoever waits for it is told."""
        self._native.close()

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._native.close()
