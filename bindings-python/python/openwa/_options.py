"""The options of the clients, made into a native one."""

from __future__ import annotations

import platform
import sys
from typing import Mapping, Optional, Sequence

from ._native import Client, __version__


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
    python = f"{platform.python_implementation()} {platform.python_version()}"
    agent = f"openwa-python/{__version__} ({python}; {sys.platform} {platform.machine()})"
    return Client(base_url, api_key, timeout, max_retries, proxy, headers, agent, list(certificates), longest_answer)
