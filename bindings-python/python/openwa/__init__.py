"""The Python package of OpenWA, the self-hosted WhatsApp gateway.

:class:`OpenWA` and :class:`AsyncOpenWA` are the two doors; they have the same resources and methods.
``openwa.types`` has what the methods bring, ``openwa.events`` what happens, ``openwa.errors`` what goes
wrong. :func:`verify_webhook` tells a delivery of your gateway from a forged one, and reads it.
:class:`OpenWAClient` has the methods of OpenWA's own Python SDK, for programs that were written for it.

Everything is imported when it is first asked for, so that ``import openwa`` costs next to nothing.
"""

from __future__ import annotations

# Read as `typing.TYPE_CHECKING` by type checkers; importing `typing` would take longer than all the rest.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, List

    from . import compat, errors, events, types, webhooks
    from ._async_client import AsyncOpenWA
    from ._async_download import AsyncDownload
    from ._async_events import AsyncEventStream
    from ._client import OpenWA
    from ._download import Download
    from ._events import EventStream
    from ._response import Response
    from .compat import OpenWAClient, verify_webhook_signature
    from .errors import (
        OpenWAApiError,
        OpenWAAuthError,
        OpenWAConfigurationError,
        OpenWAConflictError,
        OpenWAConnectionError,
        OpenWADecodeError,
        OpenWAError,
        OpenWAFileError,
        OpenWAForbiddenError,
        OpenWAInvalidRequestError,
        OpenWANotFoundError,
        OpenWANotImplementedError,
        OpenWARateLimitError,
        OpenWAServerError,
        OpenWAServiceUnavailableError,
        OpenWATimeoutError,
        OpenWAWebhookError,
    )
    from .webhooks import parse_webhook, verify_webhook

    __version__: str

__all__ = [
    "AsyncDownload",
    "AsyncEventStream",
    "AsyncOpenWA",
    "Download",
    "EventStream",
    "OpenWA",
    "OpenWAApiError",
    "OpenWAAuthError",
    "OpenWAClient",
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
    "Response",
    "__version__",
    "compat",
    "errors",
    "events",
    "parse_webhook",
    "types",
    "verify_webhook",
    "verify_webhook_signature",
    "webhooks",
]

_MODULES = {"compat", "errors", "events", "types", "webhooks"}

_PLACES = {
    "AsyncDownload": "_async_download",
    "AsyncEventStream": "_async_events",
    "AsyncOpenWA": "_async_client",
    "Download": "_download",
    "EventStream": "_events",
    "OpenWA": "_client",
    "OpenWAClient": "compat",
    "Response": "_response",
    "__version__": "_native",
    "parse_webhook": "webhooks",
    "verify_webhook": "webhooks",
    "verify_webhook_signature": "compat",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(__all__)
