"""The client of an event loop."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Mapping, Optional, Sequence, Type

from ._async_caller import AsyncCaller
from ._bodies import encode_any
from ._generated.async_resources import AsyncResources
from ._native import Operation
from ._options import made
from ._response import Response


class AsyncOpenWA(AsyncResources):
    """The gateway, for programs with an event loop of asyncio.

    One client serves as many tasks as you like; a task that is cancelled ends its call. After a fork,
    and in another loop, it goes on by itself.

    Args:
        api_key: The API key; ``OPENWA_API_KEY`` when absent.
        base_url: Where the gateway is; ``OPENWA_BASE_URL`` or ``http://127.0.0.1:2785`` when absent.
        timeout: How many seconds each attempt of a call may take; ``math.inf`` for no limit. For a file
            that is sent or fetched it is how long nothing may move.
        max_retries: How often a call is tried again that broke or was answered 408, 429, 500, 502, 503
            or 504: reading calls, and those with an idempotency key, which sends have by themselves.
        proxy: The proxy to go through: ``http://``, ``https://``, ``socks5://`` or ``socks5h://``.
        headers: Headers to send with every call.
        certificates: Further certificate authorities to trust, each as text in PEM.
        longest_answer: The most bytes of an answer that are read; 64 MiB when absent. Files have no limit.
    """

    def __init__(
        self,
        api_key: Optional[str] = None,
        *,
        base_url: Optional[str] = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        proxy: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        certificates: Sequence[str] = (),
        longest_answer: Optional[int] = None,
    ) -> None:
        native = made(base_url, api_key, timeout, max_retries, proxy, headers, certificates, longest_answer)
        self._caller = AsyncCaller(native)

    @property
    def base_url(self) -> str:
        """Where the gateway is."""
        return self._caller.native.base_url

    def with_options(
        self,
        *,
        timeout: Optional[float] = None,
        max_retries: Optional[int] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> AsyncOpenWA:
        """A copy that does some things differently and shares the connections of this one."""
        copy = AsyncOpenWA.__new__(AsyncOpenWA)
        copy._caller = AsyncCaller(self._caller.native.with_options(timeout, max_retries, headers))
        return copy

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        json: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Response:
        """Makes any call: for operations of a later gateway, and where headers and status are wanted.

        Args:
            method: The method of HTTP.
            path: The path, percent-encoded, from its first slash: ``/api/sessions``.
            query: Names and values; ``None`` leaves one out.
            json: The body, as anything that JSON can say.
            headers: Headers of this call.
            idempotency_key: Makes the call safe to be repeated, where the operation takes one.
            timeout: Seconds for each attempt.
        """
        return await self._caller.send(
            self._caller.native.prepare(
                Operation(method, path, False),
                (),
                None if query is None else dict(query),
                headers,
                None if json is None else encode_any(json),
                idempotency_key,
                timeout,
            )
        )

    async def aclose(self) -> None:
        """Closes the connections. Calls fail from now on."""
        self._caller.native.close()

    async def __aenter__(self) -> AsyncOpenWA:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._caller.native.close()

    def __repr__(self) -> str:
        return f"AsyncOpenWA(base_url={self._caller.native.base_url!r})"
