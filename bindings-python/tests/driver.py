"""One way to write a test of behaviour for both clients: the one that waits, and the one of an event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, List, Optional

from openwa import AsyncOpenWA, OpenWA

KEY = "owa_k1_not-a-real-one"


class Threads:
    """The client that waits."""

    language = "threads"
    cancelled = KeyboardInterrupt

    def __init__(self) -> None:
        self._clients: List[OpenWA] = []

    def client(self, base_url: str, **options: Any) -> Any:
        """A client, closed when the test ends."""
        client = OpenWA(options.pop("api_key", KEY), base_url=base_url, **options)
        self._clients.append(client)
        return client

    def run(self, value: Any) -> Any:
        """What a call brings."""
        return value

    def collect(self, items: Any, most: Optional[int] = None) -> List[Any]:
        """What an iteration yields, up to so many."""
        found: List[Any] = []
        if most == 0:
            return found
        for item in items:
            found.append(item)
            if len(found) == most:
                break
        return found

    def parallel(self, call: Callable[[], Any], times: int) -> List[Any]:
        """What a call brings that is made so many times at once."""
        with ThreadPoolExecutor(times) as threads:
            return list(threads.map(lambda _: call(), range(times)))

    def cancel(self, call: Callable[[], Any], begun: Callable[[], None]) -> None:
        """Makes a call and gives it up once it has begun."""

        def interrupt() -> None:
            begun()
            os.kill(os.getpid(), signal.SIGINT)

        # Shells have it ignored in what they start in the background.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            call()
        finally:
            thread.join()
            signal.signal(signal.SIGINT, before)

    def close(self) -> None:
        """Closes the clients."""
        for client in self._clients:
            client.close()


class Loop:
    """The client of an event loop."""

    language = "asyncio"
    cancelled = asyncio.CancelledError

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._clients: List[AsyncOpenWA] = []

    def client(self, base_url: str, **options: Any) -> Any:
        """A client, closed when the test ends."""
        client = AsyncOpenWA(options.pop("api_key", KEY), base_url=base_url, **options)
        self._clients.append(client)
        return client

    def run(self, value: Any) -> Any:
        """What a call brings."""
        return self._loop.run_until_complete(value)

    def collect(self, items: Any, most: Optional[int] = None) -> List[Any]:
        """What an iteration yields, up to so many."""

        async def collected() -> List[Any]:
            found: List[Any] = []
            if most == 0:
                return found
            async for item in items:
                found.append(item)
                if len(found) == most:
                    break
            return found

        return self.run(collected())

    def parallel(self, call: Callable[[], Any], times: int) -> List[Any]:
        """What a call brings that is made so many times at once."""

        async def gathered() -> List[Any]:
            return await asyncio.gather(*(call() for _ in range(times)))

        return self.run(gathered())

    def cancel(self, call: Callable[[], Any], begun: Callable[[], None]) -> None:
        """Makes a call and gives it up once it has begun."""

        async def cancelled() -> None:
            task = asyncio.ensure_future(call())
            await asyncio.get_running_loop().run_in_executor(None, begun)
            task.cancel()
            await task

        self.run(cancelled())

    def close(self) -> None:
        """Closes the clients and the loop."""
        for client in self._clients:
            self.run(client.aclose())
        self.run(self._loop.shutdown_asyncgens())
        self.run(self._loop.shutdown_default_executor())
        self._loop.close()
