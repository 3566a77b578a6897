"""The way from the native module's threads back into the event loop that waits."""

from __future__ import annotations

from asyncio import AbstractEventLoop, CancelledError, Future, get_running_loop
from typing import Any, Callable, Tuple, cast
from weakref import WeakKeyDictionary, ref

from ._native import Bridge

_bridges: WeakKeyDictionary[AbstractEventLoop, Bridge] = WeakKeyDictionary()


def joined() -> Tuple[AbstractEventLoop, Bridge]:
    """The loop that runs, and the bridge to it: one for each loop, whatever number of clients there are."""
    loop = get_running_loop()
    bridge = _bridges.get(loop)
    if bridge is None:
        bridge = _bridges[loop] = _join(loop)
    return loop, bridge


async def told(submit: Callable[[Bridge, Future[Any]], int]) -> Any:
    """What work in the background brings. When nobody waits for it any more, the work ends."""
    loop, bridge = joined()
    future: Future[Any] = loop.create_future()
    ticket = submit(bridge, future)
    try:
        return await future
    except CancelledError:
        bridge.cancel(ticket)
        raise


def _join(loop: AbstractEventLoop) -> Bridge:
    for other in [other for other in _bridges if other.is_closed()]:
        _bridges.pop(other).close()
    try:
        bridge = Bridge()
        loop.add_reader(cast(int, bridge.fileno()), bridge.drain)
    except NotImplementedError:
        # A loop that cannot watch sockets, as the usual one of Windows.
        bridge = _join_by_call(loop)
    return bridge


def _join_by_call(loop: AbstractEventLoop) -> Bridge:
    loop_there = ref(loop)

    def wake() -> None:
        loop = loop_there()
        if loop is not None:
            loop.call_soon_threadsafe(bridge.drain)

    bridge = Bridge(wake)
    return bridge
