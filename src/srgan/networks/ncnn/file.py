"""The two files of an ncnn network: ``.param``, a text that lists the layers, and ``.bin``, their weights.

The formats are those of ncnn's own documentation, ``param-and-model-file-structure.md`` and ``operators.md``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.recognised import UnfitError

_MAGIC = b"7767517"
_BINARY_MAGIC = int(_MAGIC).to_bytes(4, "little")
_LONGEST = 16 * 2**20  # bytes of a .param; RealESRGAN_x4plus has 0.1 MB
_FIRST_ARRAY = -23300  # keys of arrays count down from here
_FLOAT16 = 0x01306B47
_FLOAT32 = (0, 0x0002C056)


@dataclass(frozen=True, kw_only=True)
class NcnnLayer:
    """A line of a ``.param``.

    Attributes:
        kind: what the layer does.
        name: its name.
        inputs: names of the maps that it takes.
        outputs: names of those that it makes.
        params: its parameters, by number.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[int, tuple[float, ...]]

    def numbers(self, key: int) -> tuple[float, ...]:
        """Returns a parameter that holds any number of numbers.

        Raises:
            UnfitError: if it is something else.
        """
        values = self.params.get(key, ())
        if not all(map(math.isfinite, values)):
            raise UnfitError(f"parameter {key} is not a number")
        return values

    def number(self, key: int, default: float = 0.0) -> float:
        """Returns a parameter that is one number.

        Raises:
            UnfitError: if it is something else.
        """
        values = self.numbers(key) or (default,)
        if len(values) != 1:
            raise UnfitError(f"parameter {key} is not one number")
        return values[0]

    def whole(self, key: int, default: int = 0) -> int:
        """Returns a parameter that is a whole number.

        Raises:
            UnfitError: if it is something else.
        """
        value = self.number(key, default)
        if value != int(value):
            raise UnfitError(f"parameter {key} is not a whole number")
        return int(value)


def is_ncnn(path: Path) -> bool:
    """Returns whether a file is a ``.param``, by its name or by how it begins.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    return path.suffix == ".param" or head == _MAGIC or head.startswith(_BINARY_MAGIC)


def read_param(path: Path) -> list[NcnnLayer]:
    """Reads the layers of a ``.param``, in its order.

    Raises:
        UnfitError: if it is not one, or is damaged.
        OSError: if it cannot be read.
    """
    raw = path.read_bytes() if path.stat().st_size <= _LONGEST else b""
    if raw.startswith(_BINARY_MAGIC):
        raise UnfitError("it is a binary .param; use the text that it was made from")
    lines = [line.split() for line in raw.decode("utf-8", "replace").splitlines() if line.strip()]
    if lines[:1] != [[_MAGIC.decode()]]:
        raise UnfitError("it is not a .param file of ncnn")
    try:
        count = int(lines[1][0])
        layers = [_layer(words) for words in lines[2:]]
    except (ValueError, IndexError):
        raise UnfitError("its text is damaged; get it again") from None
    if len(layers) != count:
        raise UnfitError(f"it has {len(layers)} of its {count} layers; get it again")
    return layers


def _layer(words: list[str]) -> NcnnLayer:
    kind, name, inputs, outputs, *rest = words
    takes, makes = int(inputs), int(outputs)
    if min(takes, makes) < 0 or len(rest) < takes + makes:
        raise ValueError(words)
    return NcnnLayer(
        kind=kind,
        name=name,
        inputs=tuple(rest[:takes]),
        outputs=tuple(rest[takes : takes + makes]),
        params=dict(_param(word) for word in rest[takes + makes :]),
    )


def _param(word: str) -> tuple[int, tuple[float, ...]]:
    """Parses ``3=0.5``, or an array: ``-23303=2,0.5,1.0`` with its length, or ``3=0.5,1.0``."""
    key, _, text = word.partition("=")
    try:
        values = tuple(float(value) for value in text.split(","))
    except ValueError:
        values = (math.nan,)  # a text, which some layers have
    if int(key) > _FIRST_ARRAY:
        return int(key), values
    if len(values) != values[0] + 1:
        raise ValueError(word)
    return _FIRST_ARRAY - int(key), values[1:]


class NcnnWeights:
    """The weights in a ``.bin``, from first to last. Their number is checked against the file first.

    Args:
        file: the open file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.left = os.fstat(file.fileno()).st_size

    def marked(self, count: int) -> Array:
        """Reads numbers of the type that is stated before them: 32 or 16 bits.

        Raises:
            UnfitError: if there are fewer, or they are of another type or not finite.
        """
        mark = int.from_bytes(self._take(4), "little")
        if mark == _FLOAT16:
            raw = self._take((2 * count + 3) // 4 * 4)
            return _finite(np.frombuffer(raw, "<f2", count).astype(np.float32))
        if mark not in _FLOAT32:
            raise UnfitError("its weights have fewer than 16 bits, which is not supported")
        return self.plain(count)

    def plain(self, count: int) -> Array:
        """Reads 32-bit numbers.

        Raises:
            UnfitError: if there are fewer, or one is not finite.
        """
        return _finite(np.frombuffer(self._take(4 * count), "<f4").astype(np.float32))

    def _take(self, size: int) -> bytes:
        if not 0 <= size <= self.left:
            raise UnfitError("its .bin is shorter than expected; get both files again")
        self.left -= size
        return self._file.read(size)


def _finite(values: Array) -> Array:
    if not np.isfinite(values).all():
        raise UnfitError("its weights are not all finite; get both files again")
    return values
