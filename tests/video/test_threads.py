"""Two stages at the same time: order, errors, and an end without threads left behind."""

import threading

import pytest

from srgan.video.threads import ahead, behind


def names():
    return {thread.name.split("_")[0] for thread in threading.enumerate()}


def test_items_come_in_order_from_another_thread():
    made_by = []

    def items():
        for number in range(100):
            made_by.append(threading.current_thread())
            yield number

    assert list(ahead(items(), 3)) == list(range(100))
    assert threading.current_thread() not in made_by


def test_no_more_is_made_than_was_asked_for():
    made = []
    items = ahead((made.append(number) or number for number in range(100)), 3)
    assert next(items) == 0
    items.close()
    assert len(made) <= 4
    assert "reading" not in names()


def test_an_error_comes_after_what_was_made_before_it():
    def items():
        yield 1
        yield 2
        raise KeyError("third")

    seen = []
    with pytest.raises(KeyError, match="third"):
        seen.extend(ahead(items(), 4))
    items = ahead(items(), 4)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(KeyError):
        next(items)


def test_everything_is_consumed_in_order_in_another_thread():
    seen = []
    with behind(lambda item: seen.append((item, threading.current_thread())), 2) as put:
        for number in range(50):
            put(number)
    assert [item for item, _ in seen] == list(range(50))
    assert {thread for _, thread in seen}.isdisjoint({threading.current_thread()})
    assert "writing" not in names()


def test_an_error_of_the_consumer_is_raised():
    def consume(item):
        if item == 3:
            raise OSError("full")

    def run():
        with behind(consume, 2) as put:
            for number in range(5):
                put(number)

    with pytest.raises(OSError, match="full"):
        run()


def test_after_an_error_nothing_more_is_consumed():
    seen = []
    started, go_on = threading.Event(), threading.Event()

    def consume(item):
        started.set()
        go_on.wait(5)
        seen.append(item)

    def run():
        with behind(consume, 5) as put:
            for number in (1, 2, 3):
                put(number)
            started.wait(5)
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [1]
