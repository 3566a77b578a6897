"""What the generated methods call."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple, Union

from ._bodies import form
from ._download import Download
from ._events import EventStream
from ._native import Client, Operation, Prepared
from ._response import Response
from ._uploads import File, measured

Fields = Dict[str, Any]
Query = Optional[Dict[str, Any]]


class Caller:
    """Makes calls, and waits for them."""

    __slots__ = ("call", "native")

    def __init__(self, native: Client) -> None:
        self.native = native
        self.call = native.request

    def upload(
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
        return self.native.send(prepared)[2]

    def download(
        self, operation: Operation, arguments: Tuple[str, ...], query: Query, timeout: Optional[float]
    ) -> Download:
        """Makes a call whose answer is a file."""
        prepared = self.native.prepare(operation, arguments, query, None, None, None, timeout)
        return Download(self.native.download(prepared))

    def follow(
        self, operation: Operation, arguments: Tuple[str, ...], query: Query, after: Union[int, str, None]
    ) -> EventStream:
        """Follows events."""
        prepared = self.native.prepare(operation, arguments, query, None, None, None, None)
        return EventStream(self.native.follow(prepared, None if after is None else str(after)))

    def send(self, prepared: Prepared) -> Response:
        """Makes a call and brings its answer as it came."""
        return Response(*self.native.send(prepared))


def prepare_upload(
    native: Client,
    operation: Operation,
    arguments: Tuple[str, ...],
    fields: Mapping[str, Any],
    file: File,
    key: Optional[str],
    timeout: Optional[float],
) -> Prepared:
    """A call with a file. Its name and type are among the fields, or follow from its path."""
    source, length, name = measured(file)
    name = fields.get("filename") or name
    return native.prepare_upload(
        operation, arguments, form(fields), source, length, name, fields.get("mimetype"), key, timeout
    )
