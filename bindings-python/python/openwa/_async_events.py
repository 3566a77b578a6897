"""Events as they come, for event loops."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type, cast

from . import _native
from ._loop import told

if TYPE_CHECKING:
    from ._generated.events import Event


class AsyncEventStream:
    """As :class:`openwa.EventStream`, for ``async for``. A wait that is cancelled loses no event."""

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

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._native.take()
            if event is not None:
                return self._read(event[1], event[2])
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
