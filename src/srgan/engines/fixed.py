"""Models compiled for a single shape."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OFTEN = 8
"""Uses after which a shape gets its own model: compiling pays off within 30 more uses."""

_MOST = 4
"""Number of models that are kept, the last used ones. Each holds another copy of the network's weights."""

_COUNTED = 256
"""Number of shapes whose uses are counted before all counts start again."""

_Key = tuple[str, int, tuple[int, ...]]


class FixedModels:
    """Runs batches of a frequent shape in a model compiled for that shape alone. Thread-safe.

    If OpenVINO knows the shape, it reorders values less often: at 320x180, `fast` takes 7 % less time, half
    of what it spends outside convolutions; `srresnet` takes as long as before. Results are the same to the
    bit: the first result of each model is compared, and a model that differs is not used.

    Args:
        compile_for: compiles the network for the shape and type of a batch and for a context in pixels;
            returns None if that cannot be done.
    """

    def __init__(self, compile_for: Callable[[NDArray[Any], int], Any]) -> None:
        self._compile_for = compile_for
        self._uses: Counter[_Key] = Counter()
        self._models: OrderedDict[_Key, Any] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, batch: NDArray[Any], context: int) -> NDArray[Any] | None:
        """Returns the network's result for a batch, (N, H, W, 3); None if its shape has no model yet."""
        key = _key(batch, context)
        with self._lock:
            model = self._models.get(key)
            if model is not None:
                self._models.move_to_end(key)
        return None if model is None else run(model, batch)

    def count(self, batch: NDArray[Any], context: int, result: NDArray[Any]) -> None:
        """Counts a use of a shape that has no model of its own, and compiles one at the eighth.

        Args:
            batch: what was upscaled, (N, H, W, 3).
            context: pixels at each side that have no result.
            result: what came out, which the new model must reproduce.
        """
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
        """Forgets all models and counts, to free memory."""
        with self._lock:
            self._uses.clear()
            self._models.clear()


def run(model: Any, batch: NDArray[Any]) -> NDArray[Any]:
    """Runs a compiled model on one input, in a request of its own, so that threads may share the model."""
    result: NDArray[Any] = model.create_infer_request().infer([batch], share_inputs=True)[0]
    return result


def _key(batch: NDArray[Any], context: int) -> _Key:
    return batch.dtype.str, context, batch.shape
