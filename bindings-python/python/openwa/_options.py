"""The options of the clients, made into a native one."""

from __future__ import annotations

import sys
from typing import Mapping, Optional, Sequence

from ._native import Client


def made(
    base_url: Optional[str],
    api_key: Optional[str],
    timeout: float,
    max_retries: int,
    proxy: Optional[str],
    headers: Optional[Mapping[str, str]],
    certificates: Sequence[str],
    longest_answer: Optional[int] = None,
) -> Client:
    """The native client. It says who it is, as OpenWA's other clients do."""
    python = f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}"
    return Client(base_url, api_key, timeout, max_retries, proxy, headers, python, list(certificates), longest_answer)
