"""What the methods of :class:`openwa.OpenWAClient` stand on: dicts in, dicts out, one attempt."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Mapping, Optional, TypedDict, cast
from urllib.parse import quote

from ._native import Client, Operation, Prepared
from .errors import OpenWAApiError, OpenWAError, OpenWATimeoutError

JSON = "application/json"


class Media(TypedDict):
    """A file and what it is."""

    data: bytes
    contentType: Optional[str]


def segment(value: object) -> str:
    """One segment of a path. What would lead to another route is refused."""
    text = str(value)
    if text in ("", ".", ".."):
        raise ValueError(f"OpenWA: {text!r} is no id; it would lead to another route")
    return quote(text, safe="@:+")


def given(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """Those that were given; a list in a query is joined by commas."""
    return {name: value for name, value in fields.items() if value is not None}


class Transport:
    """Makes the calls."""

    def __init__(self, native: Client, timeout: float) -> None:
        self._native = native
        self._timeout = timeout

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        idempotency_key: Optional[str] = None,
    ) -> Any:
        """What the answer says: JSON, text where it is none, ``None`` where there is nothing."""
        status, _, answer = self._send(method, path, query, body, idempotency_key)
        if status == 204 or not answer:
            return None
        try:
            return json.loads(answer)
        except ValueError:
            return answer.decode("utf-8", "replace")

    def media(self, method: str, path: str) -> Media:
        """A file."""
        status, headers, answer = self._send(method, path, None, None, None)
        if status == 204:
            return {"data": b"", "contentType": None}
        return {"data": answer, "contentType": headers.get("content-type")}

    def close(self) -> None:
        """Closes the connections."""
        self._native.close()

    def _send(self, method: str, path: str, query: Optional[Mapping[str, Any]], body: Any, key: Optional[str]) -> Any:
        if not path.startswith("/"):
            raise ValueError(f"OpenWA: path must begin with '/': {path!r}")
        if key is not None and not _is_visible(key):
            raise ValueError("Idempotency-Key must contain 1-255 visible ASCII characters")
        content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        prepared = self._prepared(method, path, query, content, key)
        try:
            return self._native.send(prepared)
        except OpenWATimeoutError as error:
            raise OpenWATimeoutError(0 if math.isinf(self._timeout) else self._timeout) from error
        except OpenWAError as error:
            if error.status is None:
                raise
            text = error.raw_body.decode("utf-8", "replace")
            context = f"{method} {path}"
            reason = _reason(error.status)
            answered = OpenWAApiError.from_response(error.status, text, context, headers=error.headers, reason=reason)
            raise answered from error

    def _prepared(
        self, method: str, path: str, query: Optional[Mapping[str, Any]], body: Optional[bytes], key: Optional[str]
    ) -> Prepared:
        values = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        headers = {"Content-Type": JSON}
        return self._native.prepare(Operation(method, path, False), (), values, headers, body, key, None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_texts(cast("Any", value)))
    return str(value)


def _texts(values: List[Any]) -> List[str]:
    return [str(it) for it in values]


def _is_visible(text: Any) -> bool:
    return isinstance(text, str) and 1 <= len(text) <= 255 and all("!" <= letter <= "~" for letter in text)


def _reason(status: int) -> Optional[str]:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return None
