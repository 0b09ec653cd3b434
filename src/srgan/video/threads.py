"""Reads ahead of the network and writes behind it, in threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from srgan.events import Cancel, check

Item = TypeVar("Item")

_POLL = 0.1  # seconds between two checks whether to stop, while there is nothing else to do


class StoppedError(Exception):
    """Raised when the other end of a queue has stopped."""


class ByteQueue(Generic[Item]):
    """A queue between two threads, bounded by the memory of its items.

    An item counts from when it is put until the next one is taken, so also while it is being worked on. One
    that is larger than the whole budget travels alone.

    Args:
        budget: bytes that all items may take together.
        size_of: returns the bytes of an item.
        cancel: asked at either end, while it waits, whether to stop.
    """

    def __init__(self, budget: int, size_of: Callable[[Item], int], cancel: Cancel | None = None) -> None:
        self._budget, self._size_of, self._cancel = budget, size_of, cancel
        self._items: deque[Item] = deque()
        self._held = 0
        self._ended = self._stopped = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Adds an item, once there is room for it.

        Raises:
            StoppedError: if no more are taken; or, once the taker has failed, its first failure.
            CancelledError: if ``cancel`` says so.
        """
        size = self._size_of(item)
        with self._changed:
            self._wait(lambda: self._stopped or not self._held or self._held + size <= self._budget)
            self._refuse_if_stopped()
            self._items.append(item)
            self._held += size
            self._changed.notify_all()

    def end(self, failure: BaseException | None = None) -> None:
        """Ends the queue; a failure is raised at the other end, after the items before it."""
        with self._changed:
            self._ended, self._failure = True, self._failure or failure
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        """Yields the items until the end.

        Raises:
            StoppedError: if ``stop`` was called first.
            CancelledError: if that is asked for.
        """
        while True:
            with self._changed:
                self._wait(lambda: bool(self._items) or self._ended or self._stopped)
                if self._stopped:
                    raise StoppedError
                if not self._items:
                    if self._failure is not None:
                        raise self._failure
                    return
                item = self._items.popleft()
            yield item
            with self._changed:
                self._held -= self._size_of(item)
                self._changed.notify_all()

    def stop(self, failure: BaseException | None = None) -> None:
        """Stops taking items; the other end sees the first failure from now on."""
        with self._changed:
            self._stopped, self._failure = True, self._failure or failure
            self._changed.notify_all()

    def finish(self) -> None:
        """Ends the queue, and waits until all items are processed.

        Raises:
            Exception: what the taker failed with.
            CancelledError: if that is asked for.
        """
        self.end()
        with self._changed:
            self._wait(lambda: self._stopped)
            if self._failure is not None:
                raise self._failure

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        while not is_ready():
            check(self._cancel)
            self._changed.wait(_POLL)

    def _refuse_if_stopped(self) -> None:
        if self._stopped:
            raise self._failure or StoppedError


def ahead(
    items: Iterator[Item], budget: int, size_of: Callable[[Item], int], cancel: Cancel | None = None
) -> Generator[Item, None, None]:
    """Yields the same items, produced in a thread of their own while earlier ones are used.

    Args:
        items: consumed in the thread; its exceptions come out here, in their turn.
        budget: see ``ByteQueue``, as for the rest.
        size_of: of an item.
        cancel: whether to stop.
    """
    queue = ByteQueue(budget, size_of, cancel)

    def read() -> None:
        try:
            for item in items:
                queue.put(item)
            queue.end()
        except StoppedError:
            pass
        except BaseException as failure:  # of whatever kind, it belongs to the thread that waits
            queue.end(failure)

    with _in_thread(read, "reading", queue):
        yield from queue


@contextmanager
def behind(
    write: Callable[[Iterator[Item]], None],
    budget: int,
    size_of: Callable[[Item], int],
    cancel: Cancel | None = None,
) -> Iterator[Callable[[Item], None]]:
    """Writes items, in order, in a thread of its own.

    Args:
        write: called once, in the thread, with an iterator of all items; it has to take them to the end.
            Its first exception ends it: nothing that comes after is taken, and every later call of what is
            yielded raises it, as does the end of the block. If the block itself fails, the iterator raises
            StoppedError, so that what is half-written can be given up.
        budget: see ``ByteQueue``, as for the rest.
        size_of: of an item.
        cancel: whether to stop.

    Yields:
        The function that takes an item.
    """
    queue = ByteQueue(budget, size_of, cancel)

    def consume() -> None:
        try:
            write(iter(queue))
            queue.stop()
        except BaseException as failure:  # of whatever kind, it belongs to the thread that waits
            queue.stop(failure)

    with _in_thread(consume, "writing", queue):
        yield queue.put
        queue.finish()


@contextmanager
def _in_thread(work: Callable[[], None], name: str, queue: ByteQueue[Item]) -> Iterator[None]:
    """Runs ``work`` in a thread beside the block; it stops with the queue."""
    thread = threading.Thread(target=work, name=name)
    thread.start()
    try:
        yield
    finally:
        queue.stop()
        thread.join()
