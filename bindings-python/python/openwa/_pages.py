"""Iteration over what the gateway hands out in pages."""

from __future__ import annotations

from typing import AsyncIterator, Awaitable, Callable, Iterator, Optional, Sequence, Tuple, TypeVar

T = TypeVar("T")
C = TypeVar("C")


def by_offset(fetch: Callable[[int, int], Sequence[T]], size: int) -> Iterator[T]:
    """Pages that are asked for by how many come before; the last is shorter than asked for."""
    offset = 0
    while True:
        page = fetch(size, offset)
        yield from page
        if len(page) < size:
            return
        offset += len(page)


def by_cursor(fetch: Callable[[Optional[C]], Tuple[Sequence[T], Optional[C]]], after: Optional[C]) -> Iterator[T]:
    """Pages that name the place where the next one begins; the last is empty."""
    while True:
        page, after = fetch(after)
        yield from page
        if not page or after is None:
            return


async def by_offset_async(fetch: Callable[[int, int], Awaitable[Sequence[T]]], size: int) -> AsyncIterator[T]:
    """As :func:`by_offset`."""
    offset = 0
    while True:
        page = await fetch(size, offset)
        for item in page:
            yield item
        if len(page) < size:
            return
        offset += len(page)


async def by_cursor_async(
    fetch: Callable[[Optional[C]], Awaitable[Tuple[Sequence[T], Optional[C]]]], after: Optional[C]
) -> AsyncIterator[T]:
    """As :func:`by_cursor`."""
    while True:
        page, after = await fetch(after)
        for item in page:
            yield item
        if not page or after is None:
            return
