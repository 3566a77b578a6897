"""Deliveries: telling a genuine one from a forged one, and reading it."""

from __future__ import annotations

from typing import Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from ._generated.events import Delivery, read_delivery
from ._native import verify_webhook as _verify
from .errors import OpenWAConfigurationError

__all__ = ["parse_webhook", "verify_webhook"]

Headers = Union[Mapping[str, str], Iterable[Tuple[str, str]]]


def verify_webhook(
    body: Union[bytes, bytearray, memoryview, str],
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
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets or not all(secrets):
        raise OpenWAConfigurationError("the secret of the webhook is empty; without one nothing can be checked")
    data = _bytes(body)
    _verify(data, _pairs(headers), secrets, tolerance, now)
    return read_delivery(data)


def parse_webhook(body: Union[bytes, bytearray, memoryview, str]) -> Delivery:
    """Reads a delivery without checking who sent it. Use it only where something else did.

    Raises:
        OpenWAWebhookError: When it is no delivery.
    """
    return read_delivery(_bytes(body))


def _bytes(body: Union[bytes, bytearray, memoryview, str]) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _pairs(headers: Headers) -> List[Tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(value: Union[str, bytes]) -> str:
    # Some frameworks, ASGI first, have their headers in bytes.
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
