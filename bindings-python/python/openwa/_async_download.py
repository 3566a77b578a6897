"""A file that the gateway sends, read as it comes, for event loops."""

from __future__ import annotations

import os
from types import TracebackType
from typing import AsyncIterator, Optional, Type, Union, cast

from ._download import LONGEST, Head
from ._loop import told


class AsyncDownload(Head):
    """A file, as an asynchronous iterator over its pieces; or read it whole, or save it."""

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            piece = cast("Optional[bytes]", await told(self._native.submit_chunk))
            if piece is None:
                return
            yield piece

    async def read(self, longest: int = LONGEST) -> bytes:
        """All of it, when it is at most so many bytes."""
        native = self._native
        return cast(bytes, await told(lambda bridge, future: native.submit_read(bridge, future, longest)))

    async def save(self, path: Union[str, os.PathLike[str]]) -> int:
        """Writes it to a file, which is there only when it is complete, and says how long it is."""
        native = self._native
        return cast(int, await told(lambda bridge, future: native.submit_save(bridge, future, path)))

    async def aclose(self) -> None:
        """Gives up what is not read yet."""
        self._native.close()

    async def __aenter__(self) -> AsyncDownload:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._native.close()
