"""A file that the gateway sends, read as it comes."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Iterator, Mapping, Optional, Type, Union

from . import _native

LONGEST = 256 * 1024 * 1024
"""The most that ``read`` takes into memory unless it is told otherwise."""


class Head:
    """What is known of a file before it is read."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Download) -> None:
        self._native = native

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, with names in lower case."""
        return self._native.headers

    @property
    def size(self) -> Optional[int]:
        """How many bytes it has, if the gateway says so."""
        return self._native.content_length

    @property
    def mimetype(self) -> Optional[str]:
        """What it is, such as ``image/jpeg``."""
        return self._native.content_type

    @property
    def filename(self) -> Optional[str]:
        """Its name as the sender gave it, without any folder."""
        return self._native.file_name

    @property
    def request_id(self) -> Optional[str]:
        """The id of the request, as it stands in the gateway's log."""
        return self._native.request_id


class Download(Head):
    """A file, as an iterator over its pieces; or read it whole, or save it."""

    __slots__ = ()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = self._native.chunk()
            if piece is None:
                return
            yield piece

    def read(self, longest: int = LONGEST) -> bytes:
        """All of it, when it is at most so many bytes."""
        return self._native.read(longest)

    def save(self, path: Union[str, os.PathLike[str]]) -> int:
        """Writes it to a file, which is there only when it is complete, and says how long it is."""
        return self._native.save(path)

    def close(self) -> None:
        """Gives up what is not read yet."""
        self._native.close()

    def __enter__(self) -> Download:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()
