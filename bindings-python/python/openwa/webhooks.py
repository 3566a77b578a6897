"""Deliveries: telling a genuine one from a forged one, and reading it."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Optional, Protocol, Sequence, Tuple, Union

from ._generated.events import Delivery, read_delivery
from ._native import verify_webhook as _verify

__all__ = ["check_signature", "parse_webhook", "verify_webhook"]


class HasItems(Protocol):
    """Headers that are no mapping but have their names and values, as :class:`email.message.Message`."""

    def items(self) -> Iterable[Tuple[str, Any]]: ...


Body = Union[bytes, bytearray, memoryview, str]
Headers = Union[Mapping[str, str], HasItems, Iterable[Tuple[str, str]], Iterable[Tuple[bytes, bytes]]]


def verify_webhook(
    body: Body,
    headers: Headers,
    secret: Union[str, Sequence[str]],
    *,
    tolerance: float = 300.0,
    now: Optional[float] = None,
) -> Delivery:
    """Checks that a delivery is signed with the webhook's secret, and reads it.

    Both schemes are known: OpenWA's own, ``X-OpenWA-Signature``, and Standard Webhooks with
    ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, which counts where it is there.

    Args:
        body: The body exactly as it came, before anything parses it.
        headers: All headers, as your framework has them; upper and lower case do not matter.
        secret: The secret that the webhook was given; several while one is being replaced.
        tolerance: How many seconds the time of a delivery may be from now.
        now: The time to check against, in seconds since 1970; the clock's when absent.

    Raises:
        OpenWAWebhookError: When it is not to be trusted, or is no delivery.
    """
    check_signature(body, headers, secret, tolerance=tolerance, now=now)
    return read_delivery(_bytes(body))


def check_signature(
    body: Body,
    headers: Headers,
    secret: Union[str, Sequence[str]],
    *,
    tolerance: float = 300.0,
    now: Optional[float] = None,
) -> None:
    """The same, without reading it.

    Raises:
        OpenWAWebhookError: When it is not to be trusted.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    _verify(_bytes(body), _pairs(headers), secrets, tolerance, now)


def parse_webhook(body: Body) -> Delivery:
    """Reads a delivery without checking who sent it. Use it only where something else did.

    Raises:
        OpenWAWebhookError: When it is no delivery.
    """
    return read_delivery(_bytes(body))


def _bytes(body: Body) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _pairs(headers: Headers) -> List[Tuple[str, str]]:
    # The headers of `http.server` and others have items and are no mappings.
    items: Any = getattr(headers, "items", None)
    pairs: Any = headers if items is None else items()
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(value: Union[str, bytes]) -> str:
    # Some frameworks, ASGI first, have their headers in bytes.
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
