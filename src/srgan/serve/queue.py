"""A queue in which clients take turns, so that one with many jobs does not hold up the others."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """An item of the queue."""

    @property
    def client(self) -> str:
        """Client that the item belongs to."""
        ...


Item = TypeVar("Item", bound=Waiting)


class FairQueue(Generic[Item]):
    """Serves clients in turn, and each client's items in order. Thread-safe."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, deque[Item]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._clients.values()))

    def count(self, client: str) -> int:
        """Returns the number of a client's waiting items."""
        with self._changed:
            return len(self._clients.get(client, ()))

    def put(self, item: Item) -> None:
        """Adds an item."""
        with self._changed:
            self._clients.setdefault(item.client, deque()).append(item)
            self._changed.notify()

    def take(self) -> Item | None:
        """Waits for the next item and removes it; returns None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._clients or self._is_closed)
            if self._is_closed:
                return None
            client, items = self._clients.popitem(last=False)
            item = items.popleft()
            if items:
                self._clients[client] = items  # at the end
            return item

    def remove(self, item: Item) -> bool:
        """Removes an item; returns False if it no longer waits."""
        with self._changed:
            items = self._clients.get(item.client, deque())
            if item not in items:
                return False
            items.remove(item)
            if not items:
                del self._clients[item.client]
            return True

    def position(self, item: Item) -> int | None:
        """Returns the number of items ahead of this one; None if it does not wait."""
        with self._changed:
            order = sorted(
                (turn, place, waiting is item)
                for place, items in enumerate(self._clients.values())
                for turn, waiting in enumerate(items)
            )
        return next((number for number, (*_, is_it) in enumerate(order) if is_it), None)

    def close(self) -> None:
        """Ends every waiting :meth:`take`."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
