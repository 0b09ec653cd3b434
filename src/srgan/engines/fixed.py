"""Models that OpenVINO compiled for one shape alone."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OFTEN = 8
"""Uses of a shape after which more are expected: compiling costs as much as 30 more of them save, or less."""

_MOST = 4
"""Models that are kept, those used last; each holds the network's weights once more."""

_COUNTED = 256
"""Shapes whose uses are counted, until all counts begin anew."""

_Key = tuple[str, int, tuple[int, ...]]


class FixedModels:
    """Runs batches of a shape that came often in a model for that shape. Threads may share one.

    Where OpenVINO knows the shape it reorders values less often: `fast` takes 7 % less time for 320x180, half
    of what lies outside of its convolutions; `srresnet` as long as before. The results are the same to the
    bit, which the first of each is compared for.

    Args:
        compile_for: compiles the network for the shape and type of a batch and a width of context; None where
            that cannot be.
    """

    def __init__(self, compile_for: Callable[[NDArray[Any], int], Any]) -> None:
        self._compile_for = compile_for
        self._uses: Counter[_Key] = Counter()
        self._models: OrderedDict[_Key, Any] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, batch: NDArray[Any], context: int) -> NDArray[Any] | None:
        """What the network makes of a batch; None if there is no model for its shape."""
        key = _key(batch, context)
        with self._lock:
            model = self._models.get(key)
            if model is not None:
                self._models.move_to_end(key)
        return None if model is None else run(model, batch)

    def count(self, batch: NDArray[Any], context: int, result: NDArray[Any]) -> None:
        """Notes a use of a shape that has no model, and what came out; makes the model if it came often."""
        key = _key(batch, context)
        with self._lock:
            if len(self._uses) >= _COUNTED:
                self._uses.clear()
            self._uses[key] += 1
            if self._uses[key] != _OFTEN:
                return
        try:  # without the lock: other threads need not wait for it
            model = self._compile_for(batch, context)
            is_equal = model is not None and np.array_equal(run(model, batch), result)
        except (RuntimeError, MemoryError):  # memory may be short, and the result is there already
            return
        with self._lock:
            if is_equal and key in self._uses:  # else memory was given back meanwhile
                self._models[key] = model
                del self._uses[key]
                if len(self._models) > _MOST:
                    self._models.popitem(last=False)

    def clear(self) -> None:
        """Gives back memory."""
        with self._lock:
            self._uses.clear()
            self._models.clear()


def run(model: Any, batch: NDArray[Any]) -> NDArray[Any]:
    """Runs a compiled model on one input, in a request of its own, so that threads may call at one time."""
    result: NDArray[Any] = model.create_infer_request().infer([batch], share_inputs=True)[0]
    return result


def _key(batch: NDArray[Any], context: int) -> _Key:
    return batch.dtype.str, context, batch.shape
