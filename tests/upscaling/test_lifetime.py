"""An upscaler's life: options, threads, asyncio, pickling, closing."""

import asyncio
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import srgan
from srgan.errors import CancelledError, UsageError

THREADS = """
import sys, threading
import numpy as np
from srgan import Upscaler

image = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
upscaler, begin, results = Upscaler(sys.argv[1], tile=16), threading.Barrier(32), []

def work(number):
    begin.wait()
    kind = (np.uint8, np.uint16, np.float32)[number % 3]
    results.append((number % 3, upscaler.upscale((image / np.float32(255)).astype(kind) if number % 3 == 2
                                                 else image.astype(kind))))

threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(results) == 32
for kind in range(3):
    same = [result for other, result in results if other == kind]
    assert all(np.array_equal(same[0], result) for result in same)
"""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("tile", value) for value in (0, 15, -1, True, False, "large", 20.5, None, [32])),
        *(("threads", value) for value in (0, -1, True, 1.5, "2")),
        *(("detail", value) for value in ("x", -0.1, 1.1, float("nan"), True, [0.5])),
        *(("denoise", value) for value in ("x", -0.1, 1.1)),
        *(("engine", value) for value in ("tensorflow", None)),
        *(("precision", value) for value in ("fp8", 16)),
        *(("device", value) for value in ("tpu", 0)),
    ],
)
def test_wrong_options_are_refused_in_one_sentence_with_their_field(tiny_pair, field, value):
    with pytest.raises(UsageError) as caught:
        srgan.Upscaler(tiny_pair, **{field: value})
    assert caught.value.field == field
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)


def test_numbers_of_numpy_are_numbers(tiny_pair, photo):
    options = {"tile": np.int64(16), "threads": np.int32(1), "detail": np.float32(0.5)}
    assert srgan.Upscaler(tiny_pair, **options).upscale(photo).shape == (96, 120, 3)


def test_the_first_use_may_come_from_many_threads_at_once(tiny_model):
    command = [sys.executable, "-c", THREADS, str(tiny_model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pickled_upscaler_is_the_same_one(tiny_pair, photo):
    upscaler = srgan.Upscaler(tiny_pair, detail=0.5, denoise=0.5, precision="fp32", consistent=True, tile=16)
    other = pickle.loads(pickle.dumps(upscaler))
    assert np.array_equal(other.upscale(photo), upscaler.upscale(photo))
    assert (other.info, other.engine.precision) == (upscaler.info, "fp32")
    plain = srgan.Upscaler(tiny_pair, precision="fp32")
    assert not np.array_equal(other.upscale(photo), plain.upscale(photo))


def test_a_pickled_upscaler_works_in_another_process(tiny_model, photo):
    upscaler = srgan.Upscaler(tiny_model, precision="fp32")
    script = (
        "import pickle, sys; upscaler, image = pickle.load(sys.stdin.buffer);"
        "sys.stdout.buffer.write(upscaler.upscale(image).tobytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps((upscaler, photo)),
        capture_output=True,
        check=True,
    )
    assert done.stdout == upscaler.upscale(photo).tobytes()


def test_after_its_block_an_upscaler_is_closed(around, stand_in, photo):
    engine = stand_in()
    with around(engine) as upscaler:
        frames = upscaler.frames([photo, photo[::-1]])
        next(frames)
        assert not engine.released
    assert engine.released == 1
    upscaler.close()
    for work in (
        lambda: upscaler.upscale(photo),
        lambda: upscaler.stream(photo, list),
        lambda: next(upscaler.frames([photo])),
        lambda: next(frames),
        lambda: upscaler.engine,
    ):
        with pytest.raises(UsageError, match="closed"):
            work()


def test_an_upscaler_is_closed_when_its_block_fails(around, stand_in):
    engine = stand_in()
    with pytest.raises(ZeroDivisionError), around(engine):
        raise ZeroDivisionError
    assert engine.released == 1


def test_asyncio_goes_on_while_pictures_are_enlarged(tiny_model, photo):
    upscaler = srgan.Upscaler(tiny_model)

    async def run():
        return await asyncio.gather(*(upscaler.aupscale(photo[row:]) for row in range(6)))

    for row, result in enumerate(asyncio.run(run())):
        assert np.array_equal(result, upscaler.upscale(photo[row:]))


def test_a_cancelled_task_stops_the_work(around, stand_in):
    engine = stand_in()
    upscaler, image = around(engine, tile=16), np.zeros((200, 200, 3), np.uint8)
    begun, goes_on, ended = threading.Event(), threading.Event(), []
    upscale = engine.upscale

    def slow(batch, context):
        begun.set()
        goes_on.wait(60)
        return upscale(batch, context)

    engine.upscale = slow

    async def run():
        task = asyncio.create_task(upscaler.aupscale(image, on_event=ended.append))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        goes_on.set()

    asyncio.run(run())  # waits for its threads
    assert len(ended) == 1


def test_asyncio_can_be_told_to_stop_as_everything_else(around, stand_in, photo):
    with pytest.raises(CancelledError):
        asyncio.run(around(stand_in()).aupscale(photo, cancel=lambda: True))
