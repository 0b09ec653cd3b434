"""Two stages at the same time: reading ahead of the network, and encoding behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar, cast

Item = TypeVar("Item")


def ahead(items: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """The same items, made in a thread of their own while the earlier ones are in use.

    Args:
        items: consumed in the thread; its exceptions come out here, in their turn.
        depth: how many are made in advance at most.
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as pool:
        made: deque[Future[Item | object]] = deque()
        try:
            while True:
                while len(made) < depth:
                    made.append(pool.submit(next, items, end))
                item = made.popleft().result()
                if item is end:
                    return
                yield cast(Item, item)
        finally:
            for future in made:
                future.cancel()


@contextmanager
def behind(consume: Callable[[Item], None], depth: int) -> Iterator[Callable[[Item], None]]:
    """Hands items to ``consume``, in order, in a thread of its own.

    Args:
        consume: what is done with an item. Its exceptions are raised by a later call, or at the end.
        depth: how many may wait at most; a call waits where there are more.

    Yields:
        The function that takes an item.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="writing") as pool:
        waiting: deque[Future[None]] = deque()

        def put(item: Item) -> None:
            waiting.append(pool.submit(consume, item))
            while len(waiting) > depth:
                waiting.popleft().result()

        try:
            yield put
            while waiting:
                waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
