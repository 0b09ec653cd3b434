"""Two stages at the same time: order, memory, errors, and an end without threads left behind."""

import threading

import pytest

from srgan.errors import CancelledError
from srgan.video.threads import StoppedError, ahead, behind

PIECE = 10  # bytes


def size_of(_item):
    return PIECE


def names():
    return {thread.name for thread in threading.enumerate()}


def test_items_come_in_order_from_another_thread():
    made_by = []

    def items():
        for number in range(100):
            made_by.append(threading.current_thread())
            yield number

    assert list(ahead(items(), 3 * PIECE, size_of)) == list(range(100))
    assert threading.current_thread() not in made_by


def test_no_more_is_made_than_fits_the_budget():
    made = []
    items = ahead((made.append(number) or number for number in range(100)), 3 * PIECE, size_of)
    assert next(items) == 0
    items.close()
    assert len(made) <= 4  # the budget, and one that waits for room
    assert "reading" not in names()


def test_an_error_comes_after_what_was_made_before_it():
    def items():
        yield 1
        yield 2
        raise KeyError("third")

    made = ahead(items(), 4 * PIECE, size_of)
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(KeyError, match="third"):
        next(made)
    assert "reading" not in names()


def test_everything_is_written_in_order_in_another_thread():
    seen = []

    def write(items):
        seen.extend((item, threading.current_thread()) for item in items)

    with behind(write, 2 * PIECE, size_of) as put:
        for number in range(50):
            put(number)
    assert [item for item, _ in seen] == list(range(50))
    assert {thread for _, thread in seen}.isdisjoint({threading.current_thread()})
    assert "writing" not in names()


@pytest.mark.parametrize(("budget", "most"), [(4 * PIECE, 5), (PIECE - 1, 2)])
def test_a_slow_writer_holds_the_budget_and_one_item_more(budget, most):
    alive, seen = [], []

    def write(items):
        for _ in items:
            blocked.wait(0.002)
            seen.append(len(alive))
            alive.pop()

    blocked = threading.Event()
    with behind(write, budget, size_of) as put:
        for number in range(30):
            alive.append(number)
            put(number)
    assert max(seen) <= most


@pytest.mark.parametrize("bad", range(6))
def test_after_the_first_failure_nothing_more_is_taken(bad):
    taken = []

    def write(items):
        for item in items:
            taken.append(item)
            if item == bad:
                raise OSError("the disk failed once")

    def run():
        with behind(write, 100 * PIECE, size_of) as put:
            for number in range(6):
                put(number)

    with pytest.raises(OSError, match="failed once"):
        run()
    assert taken == list(range(bad + 1))
    assert "writing" not in names()


def test_a_failure_is_raised_by_every_later_call():
    def write(items):
        next(items)
        raise OSError("full")

    caught = []

    def run():
        with behind(write, 10 * PIECE, size_of) as put:
            while len(caught) < 3:
                try:
                    put(1)
                except OSError as error:
                    caught.append(str(error))

    with pytest.raises(OSError, match="full"):
        run()
    assert caught == ["full"] * 3


def test_a_failure_after_the_last_item_is_raised():
    def write(items):
        list(items)
        raise OSError("full")

    def run():
        with behind(write, 10 * PIECE, size_of) as put:
            put(1)

    with pytest.raises(OSError, match="full"):
        run()


def test_when_the_block_fails_the_writer_gives_up():
    seen, ends = [], []
    started, go_on = threading.Event(), threading.Event()

    def write(items):
        try:
            for item in items:
                started.set()
                go_on.wait(5)
                seen.append(item)
        except StoppedError as error:
            ends.append(error)
            raise

    def run():
        with behind(write, 5 * PIECE, size_of) as put:
            for number in (1, 2, 3):
                put(number)
            started.wait(5)
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert (seen, len(ends)) == ([1], 1)


def test_waiting_for_either_thread_ends_when_that_is_asked_for():
    cancelled, released = threading.Event(), threading.Event()

    def items():
        yield 1
        cancelled.set()
        threading.Timer(0.3, released.set).start()
        released.wait(10)  # a reader that is stuck
        yield 2

    def read():
        list(ahead(items(), PIECE, size_of, cancelled.is_set))

    def write(waiting):
        next(waiting)
        cancelled.set()
        threading.Timer(0.3, released.set).start()
        released.wait(10)

    def put_all():
        with behind(write, PIECE, size_of, cancelled.is_set) as put:
            for number in range(10):
                put(number)

    for work in (read, put_all):
        cancelled.clear()
        released.clear()
        with pytest.raises(CancelledError):
            work()
    assert {"reading", "writing"}.isdisjoint(names())
