"""For programs that were written for OpenWA's own Python SDK: :class:`OpenWAClient` has its methods.

Names, parameters, bodies and exceptions are those of that SDK: dicts in, dicts out, one attempt for each
call, no redirects. What differs: connections are made by the native module, so a failure to connect is an
:class:`openwa.OpenWAConnectionError`, and ``transport`` cannot be given.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import warnings
from types import TracebackType
from typing import Any, List, Mapping, Optional, Tuple, Type, Union, cast
from urllib.parse import urlsplit

from ._generated.compat import Resources
from ._options import made
from ._plain import Transport

__all__ = ["OpenWAClient", "verify_webhook_signature"]

Timeout = Union[float, Tuple[Optional[float], Optional[float], Optional[float], Optional[float]], None]

_LOCAL = ("localhost", "127.0.0.1", "::1")
_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")


class OpenWAClient(Resources):
    """The gateway with the methods of OpenWA's own SDK.

    Args:
        base_url: Where the gateway is.
        api_key: The API key.
        timeout: Seconds for each call; ``None``, ``0`` and ``math.inf`` for no limit. Of a tuple for the parts of a
            call, and of an object with such attributes, the longest counts.
        default_headers: Headers to send with every call.
        transport: Only there so that the parameters are the same; it has to be ``None``.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: Any = 30.0,
        default_headers: Optional[Mapping[str, str]] = None,
        transport: None = None,
    ) -> None:
        if not base_url:
            raise ValueError("OpenWAClient: base_url is required")
        # Who has no type checker may give anything.
        given: Any = api_key
        if not given or (isinstance(given, str) and not given.strip()):
            raise ValueError("OpenWAClient: api_key is required")
        api_key = given.strip() if isinstance(given, str) else ""
        if not api_key or not all(" " <= letter <= "~" for letter in api_key):
            raise ValueError("OpenWAClient: api_key has a character that no key has; check for a stray newline")
        if transport is not None:
            raise TypeError("OpenWAClient: transport cannot be given here; point base_url to a server of the test")
        _warn_of_plain_http(base_url)
        seconds = _seconds(cast(Timeout, timeout))
        headers = {name: value for name, value in dict(default_headers or {}).items() if name.lower() != "x-api-key"}
        self._http = Transport(made(base_url, api_key, seconds, 0, None, headers, ()), seconds)

    def auth(self) -> Any:
        """Whether the key is good, and what it may do."""
        return self._http.request("POST", "/api/auth/validate")

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = None,
    ) -> Any:
        """Makes any call."""
        return self._http.request(method, path, query=query, body=body)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> OpenWAClient:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


def verify_webhook_signature(raw_body: Union[bytes, str], signature: Optional[str], secret: str) -> bool:
    """Whether a delivery's ``X-OpenWA-Signature`` is that of its body. It never raises.

    :func:`openwa.verify_webhook` knows the other scheme as well, and reads the delivery.
    """
    found = _SIGNATURE.fullmatch(signature or "")
    if found is None or not secret:
        return False
    body = raw_body.encode() if isinstance(raw_body, str) else raw_body
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, found.group(1).lower())


def _warn_of_plain_http(base_url: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme == "http" and (parts.hostname or "") not in _LOCAL:
        warnings.warn(
            f"OpenWAClient: the API key goes to {parts.hostname} unencrypted, because base_url begins with http://; "
            "use https://",
            stacklevel=3,
        )


def _seconds(timeout: Timeout) -> float:
    """The longest of what is said; infinity for none."""
    if isinstance(timeout, tuple):
        parts: List[Any] = list(timeout)
    elif hasattr(timeout, "connect") and hasattr(timeout, "read"):
        parts = [getattr(timeout, name, None) for name in ("connect", "read", "write", "pool")]
    else:
        parts = [timeout]
    seconds = 0.0
    for part in parts:
        if part is None or part == 0:
            return math.inf
        if isinstance(part, bool) or not isinstance(part, (int, float)) or math.isnan(part) or part < 0:
            raise ValueError(f"OpenWAClient: timeout must be a number of seconds, or None for none (got {timeout!r})")
        seconds = max(seconds, float(part))
    return seconds
