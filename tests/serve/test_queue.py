"""Turns: of clients in the queue, and of lanes on the device."""

import itertools
import threading
import time
from dataclasses import dataclass

import pytest

from srgan.errors import CancelledError
from srgan.serve import turns
from srgan.serve.queue import FairQueue
from srgan.serve.turns import Device, Turn


@dataclass(eq=False)
class Item:
    client: str
    number: int


def test_clients_take_turns_and_each_keeps_its_order():
    queue = FairQueue()
    items = [Item("a", number) for number in range(4)] + [Item("b", 0), Item("c", 0), Item("b", 1)]
    for item in items:
        queue.put(item)
    expected = ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]
    told = {queue.position(item): f"{item.client}{item.number}" for item in items}
    assert [told[place] for place in range(7)] == expected
    assert (len(queue), queue.count("a"), queue.count("d")) == (7, 4, 0)
    taken = [queue.take() for _ in items]
    assert [f"{item.client}{item.number}" for item in taken] == expected
    assert queue.position(items[0]) is None


def test_what_is_removed_is_not_taken():
    queue = FairQueue()
    one, two = Item("a", 1), Item("a", 2)
    queue.put(one)
    queue.put(two)
    assert queue.remove(one)
    assert not queue.remove(one)
    assert queue.take() is two
    assert not queue.remove(two)


def test_closing_lets_go_of_who_waits():
    queue = FairQueue()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    queue.close()
    thread.join(5)
    assert taken == [None]


def test_one_at_a_time_and_nobody_for_long(monkeypatch):
    monkeypatch.setattr(turns, "SLICE", 0.01)
    device, inside, order = Device(), [], []

    def work(name):
        with Turn(device, lambda: False) as turn:
            for _ in range(10):
                inside.append(name)
                time.sleep(0.01)
                assert inside == [name]
                inside.clear()
                order.append(name)
                turn.pass_on()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(order) == ["a"] * 10 + ["b"] * 10
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert changes > 5, "they alternate"


def test_who_waits_can_be_told_to_stop_and_keeps_no_place():
    device, stop = Device(), threading.Event()
    with Turn(device, lambda: False):
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(CancelledError), Turn(device, stop.is_set):
            pass
    with Turn(device, lambda: False):
        assert len(device.line) == 1


def test_who_is_done_with_the_device_lets_the_next_one_in_before_the_end():
    device, seen = Device(), []
    with Turn(device, lambda: False) as first:
        first.end()
        with Turn(device, lambda: False) as second:
            seen.append(device.line[0] is second)
            first.end()
            seen.append(device.line == [second])
    assert seen == [True, True]
    assert device.line == []


def test_who_goes_on_after_releasing_the_device_waits_for_it_again():
    device, stop = Device(), threading.Event()
    with Turn(device, stop.is_set) as first:
        first.end()
        first.pass_on()
        assert device.line == [first]
        first.end()
        with Turn(device, lambda: False) as second:
            stop.set()
            with pytest.raises(CancelledError):
                first.pass_on()
            assert device.line == [second]
    assert device.line == []
