"""What a call fails with.

Everything is an :class:`OpenWAError`. What the gateway answered is an :class:`OpenWAApiError`, with a
class for each kind; the others never got an answer.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type, cast

__all__ = [
    "OpenWAApiError",
    "OpenWAAuthError",
    "OpenWAConfigurationError",
    "OpenWAConflictError",
    "OpenWAConnectionError",
    "OpenWADecodeError",
    "OpenWAError",
    "OpenWAFileError",
    "OpenWAForbiddenError",
    "OpenWAInvalidRequestError",
    "OpenWANotFoundError",
    "OpenWANotImplementedError",
    "OpenWARateLimitError",
    "OpenWAServerError",
    "OpenWAServiceUnavailableError",
    "OpenWATimeoutError",
    "OpenWAWebhookError",
]


class OpenWAError(Exception):
    """Whatever went wrong. Its text is one sentence that says what to do."""

    kind: str = "error"
    """The kind in one word, the same in every language: ``not_found``."""

    message: str = ""
    """What is wrong: the gateway's own sentence where it gave one."""

    status: Optional[int] = None
    """The HTTP status, if the gateway answered."""

    code: Optional[str] = None
    """The gateway's stable word for it, such as ``IDEMPOTENCY_KEY_REUSED``."""

    retry_after: Optional[float] = None
    """How many seconds the gateway asked to wait."""

    request_id: Optional[str] = None
    """The id of the request, as it stands in the gateway's log."""

    headers: Optional[Mapping[str, str]] = None
    """The headers of the gateway's answer, if there was one, with names in lower case."""

    body: Any = None
    """The body of the gateway's answer: what its JSON says, or else its text."""

    raw_body: bytes = b""
    """The body of the gateway's answer as it came."""

    def __reduce__(self) -> Tuple[Any, ...]:
        return _again, (type(self), self.args, self.__dict__)


class OpenWAConfigurationError(OpenWAError, ValueError):
    """The client or the call was set up wrongly; nothing was sent."""

    kind = "configuration"


class OpenWAConnectionError(OpenWAError, ConnectionError):
    """No connection, or it broke before the answer was complete."""

    kind = "connection"


class OpenWATimeoutError(OpenWAError, TimeoutError):
    """No complete answer in time."""

    kind = "timeout"

    timeout: Optional[float] = None
    """How many seconds were waited, where that is known."""

    def __init__(self, timeout: float) -> None:
        super().__init__(f"Request timed out after {timeout}s")
        self.timeout = timeout


class OpenWADecodeError(OpenWAError):
    """The answer is not what the document of the API promises."""

    kind = "decode"


class OpenWAFileError(OpenWAError, OSError):
    """A local file could not be read or written."""

    kind = "file"


class OpenWAWebhookError(OpenWAError):
    """A delivery is not to be trusted, or not to be understood."""

    kind = "webhook"

    reason: str
    """``missing``, ``malformed``, ``wrong``, ``too_old``, ``too_new`` or ``unreadable``."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class OpenWAApiError(OpenWAError):
    """The gateway answered with an error."""

    kind = "api"
    # Who has an answer has its status; nobody assigns `None` to it.
    status: int = 0  # pyright: ignore[reportIncompatibleVariableOverride]

    error_kind: Optional[str] = None
    """The gateway's name of the status: ``Bad Request``."""

    def __init__(
        self,
        message: str,
        status: int,
        body: Any = None,
        error_kind: Optional[str] = None,
        *,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status  # pyright: ignore[reportIncompatibleVariableOverride]
        self.body = body
        self.error_kind = error_kind
        self.headers = headers
        fields = _object(body)
        code, asked = fields.get("code"), fields.get("retryAfterSeconds")
        self.code = code if isinstance(code, str) else None
        if isinstance(asked, (int, float)) and not isinstance(asked, bool) and 0 <= asked < math.inf:
            self.retry_after = asked
        else:
            self.retry_after = _seconds(_header(headers, "retry-after"))
        self.request_id = _header(headers, "x-request-id")

    @property
    def retry_after_seconds(self) -> Optional[int]:
        """As ``retry_after``, in whole seconds."""
        return None if self.retry_after is None else math.ceil(self.retry_after)

    @classmethod
    def from_response(
        cls,
        status_code: int,
        text: str,
        context: str,
        *,
        headers: Optional[Mapping[str, str]] = None,
        reason: Optional[str] = None,
    ) -> OpenWAApiError:
        """The error of an answer, as :class:`OpenWAClient` raises it."""
        body = read_body(text)
        said = _object(body)
        is_ours = "statusCode" in said
        sentence: Any = said.get("message") if is_ours else body
        if isinstance(sentence, list):
            sentence = ", ".join(str(it) for it in _list(sentence))
        elif sentence is None:
            sentence = reason or "no response body"
        error_kind = said.get("error") if is_ours else None
        kind = _STATUSES.get(status_code, OpenWAApiError)
        return kind(f"OpenWA API {status_code} — {context}: {sentence}", status_code, body, error_kind, headers=headers)


class OpenWAInvalidRequestError(OpenWAApiError):
    """400 and other 4xx: the request does not read as this operation's, or cannot be done now."""

    kind = "invalid_request"


class OpenWAAuthError(OpenWAApiError):
    """401: no good API key."""

    kind = "authentication"


class OpenWAForbiddenError(OpenWAApiError):
    """403: the key may not do this, or WhatsApp refused."""

    kind = "forbidden"


class OpenWANotFoundError(OpenWAApiError):
    """404: there is no such session, message, chat or webhook."""

    kind = "not_found"


class OpenWAConflictError(OpenWAApiError):
    """409: not in the state for this; it may work later."""

    kind = "conflict"


class OpenWARateLimitError(OpenWAApiError):
    """429: too many requests."""

    kind = "rate_limited"


class OpenWAServerError(OpenWAApiError):
    """500: it failed inside the gateway."""

    kind = "server"


class OpenWANotImplementedError(OpenWAApiError):
    """501: the session's engine cannot do this."""

    kind = "not_implemented"


class OpenWAServiceUnavailableError(OpenWAApiError):
    """502, 503 and 504: not now; the outcome of a write may be unknown."""

    kind = "unavailable"


_KINDS: Mapping[str, Type[OpenWAError]] = {
    error.kind: error
    for error in (
        OpenWAAuthError,
        OpenWAConfigurationError,
        OpenWAConflictError,
        OpenWAConnectionError,
        OpenWADecodeError,
        OpenWAFileError,
        OpenWAForbiddenError,
        OpenWAInvalidRequestError,
        OpenWANotFoundError,
        OpenWANotImplementedError,
        OpenWARateLimitError,
        OpenWAServerError,
        OpenWAServiceUnavailableError,
        OpenWATimeoutError,
    )
}


_STATUSES: Mapping[int, Type[OpenWAApiError]] = {
    401: OpenWAAuthError,
    403: OpenWAForbiddenError,
    404: OpenWANotFoundError,
    409: OpenWAConflictError,
    429: OpenWARateLimitError,
    501: OpenWANotImplementedError,
    503: OpenWAServiceUnavailableError,
}
"""Which answers have a class of their own for :class:`OpenWAClient`."""


def of_kind(
    kind: str,
    text: str,
    message: str,
    status: Optional[int],
    code: Optional[str],
    retry_after: Optional[float],
    request_id: Optional[str],
    headers: Mapping[str, str],
    body: bytes,
) -> OpenWAError:
    """The exception for what the native module was told. The native module calls it."""
    found = _KINDS.get(kind, OpenWAError)
    error = found.__new__(found, text)
    error.args = (text,)
    error.message = message
    if status is not None:
        error.status = status
        error.headers = headers
        error.raw_body = body
        error.body = read_body(body.decode("utf-8", "replace"))
        if isinstance(error, OpenWAApiError):
            said = _object(error.body).get("error")
            error.error_kind = said if isinstance(said, str) else None
    error.code = code
    error.retry_after = retry_after
    error.request_id = request_id
    return error


def read_body(text: str) -> Any:
    """What the JSON of a body says, or else its text; ``None`` without one."""
    # Imported when something fails, so that nobody else pays for it.
    import json

    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object(body: Any) -> Dict[str, Any]:
    return cast("Dict[str, Any]", body) if isinstance(body, dict) else {}


def _list(value: Any) -> List[Any]:
    return list(value)


def _header(headers: Optional[Mapping[str, str]], wanted: str) -> Optional[str]:
    return next((value for name, value in (headers or {}).items() if name.lower() == wanted), None)


def _seconds(header: Optional[str]) -> Optional[float]:
    """What `Retry-After` asks for: seconds, or until a date."""
    from datetime import datetime, timezone
    from email.utils import parsedate_to_datetime

    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    date = date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())


def _again(kind: Type[OpenWAError], arguments: Tuple[Any, ...], state: Dict[str, Any]) -> OpenWAError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error
