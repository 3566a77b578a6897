"""An answer as it came."""

from __future__ import annotations

from typing import Any, Mapping, Optional

import msgspec


class Response(msgspec.Struct, frozen=True):
    """What ``client.request(…)`` brings: for operations that this version has no method for."""

    status: int
    headers: Mapping[str, str]
    """Their names are in lower case."""
    body: bytes

    @property
    def request_id(self) -> Optional[str]:
        """The id of the request, as it stands in the gateway's log."""
        return self.headers.get("x-request-id")

    def json(self) -> Any:
        """The body as plain Python values."""
        return msgspec.json.decode(self.body)
