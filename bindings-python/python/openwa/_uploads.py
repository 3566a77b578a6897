"""Files to send: a path, bytes, or anything that is open for reading."""

from __future__ import annotations

import os
from typing import Optional, Protocol, Tuple, Union


class Readable(Protocol):
    """A file that is open in binary mode. Where it can seek, it is streamed; otherwise it is read first."""

    def read(self, size: int = ..., /) -> bytes: ...


File = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Readable]


def measured(file: File) -> Tuple[object, Optional[int], Optional[str]]:
    """What the native module takes, how long it is where it has to be told, and its name if it has one."""
    if isinstance(file, bytes):
        return file, None, None
    if isinstance(file, (bytearray, memoryview)):
        return bytes(file), None, None
    if isinstance(file, (str, os.PathLike)):
        return os.fspath(file), None, None
    own_name = getattr(file, "name", None)
    name = os.path.basename(own_name) if isinstance(own_name, str) else None
    seek, tell = getattr(file, "seek", None), getattr(file, "tell", None)
    try:
        if seek is None or tell is None:
            raise OSError
        start = tell()
        end = seek(0, os.SEEK_END)
        seek(start)
    except OSError:
        return file.read(), None, name
    return file, int(end) - int(start), name
