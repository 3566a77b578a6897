"""What the generated methods of the asynchronous client call."""

from __future__ import annotations

from asyncio import AbstractEventLoop, CancelledError, Future, get_running_loop
from typing import Optional, Tuple, Union

from ._async_download import AsyncDownload
from ._async_events import AsyncEventStream
from ._caller import Fields, Query, prepare_upload
from ._loop import joined, told
from ._native import Bridge, Client, Operation, Prepared
from ._response import Response
from ._uploads import File


class AsyncCaller:
    """Makes calls in the background, and tells the event loop of what they bring."""

    __slots__ = ("_here", "native")

    def __init__(self, native: Client) -> None:
        self.native = native
        self._here: Tuple[Optional[AbstractEventLoop], Optional[Bridge]] = (None, None)

    async def call(
        self,
        operation: Operation,
        arguments: Tuple[str, ...],
        query: Query,
        body: Optional[bytes],
        key: Optional[str],
        timeout: Optional[float],
    ) -> bytes:
        """Makes a call."""
        # What `told` does, without its function and closure: this is what is done most.
        loop, bridge = self._here
        if loop is None or bridge is None or loop is not get_running_loop():
            loop, bridge = self._here = joined()
        future: Future[bytes] = loop.create_future()
        ticket = self.native.submit(bridge, future, operation, arguments, query, body, key, timeout)
        try:
            return await future
        except CancelledError:
            bridge.cancel(ticket)
            raise

    async def upload(
        self,
        operation: Operation,
        arguments: Tuple[str, ...],
        fields: Fields,
        file: File,
        key: Optional[str],
        timeout: Optional[float],
    ) -> bytes:
        """Makes a call with a file."""
        prepared = prepare_upload(self.native, operation, arguments, fields, file, key, timeout)
        return (await self.send(prepared)).body

    async def download(
        self, operation: Operation, arguments: Tuple[str, ...], query: Query, timeout: Optional[float]
    ) -> AsyncDownload:
        """Makes a call whose answer is a file."""
        prepared = self.native.prepare(operation, arguments, query, None, None, None, timeout)
        begun = await told(lambda bridge, future: self.native.submit_download(bridge, future, prepared))
        return AsyncDownload(begun)

    def follow(
        self, operation: Operation, arguments: Tuple[str, ...], query: Query, after: Union[int, str, None]
    ) -> AsyncEventStream:
        """Follows events."""
        prepared = self.native.prepare(operation, arguments, query, None, None, None, None)
        return AsyncEventStream(self.native.follow(prepared, None if after is None else str(after)))

    async def send(self, prepared: Prepared) -> Response:
        """Makes a call and brings its answer as it came."""
        answer = await told(lambda bridge, future: self.native.submit_send(bridge, future, prepared))
        return Response(*answer)
