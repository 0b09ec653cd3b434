"""What the names and shapes of its tensors show about another program's network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from srgan.networks.architectures.description import Architecture
from srgan.networks.architectures.folding import Array, Tensors


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """A network that was recognised.

    Attributes:
        name: common name of the architecture.
        blocks: number of repeated blocks.
        channels: feature maps of every block.
        architecture: the architecture, with its dimensions.
        tensors: by the names that the architecture gives them. The caller checks whether some are left over,
            missing, or of another shape than there.
    """

    name: str
    blocks: int
    channels: int
    architecture: Architecture
    tensors: Tensors


class UnfitError(Exception):
    """The architecture is known, but these dimensions do not work; the message says why."""


def renamed(tensors: Tensors, rules: Iterable[tuple[str, str]]) -> dict[str, Array]:
    """Renames tensors: the first pattern that a whole name matches gives the new one."""
    compiled = [(re.compile(pattern), new) for pattern, new in rules]

    def rename(name: str) -> str:
        for pattern, new in compiled:
            if match := pattern.fullmatch(name):
                return match.expand(new)
        return name

    return {rename(name): tensor for name, tensor in tensors.items()}


def count(tensors: Mapping[str, object], pattern: str) -> int:
    """Returns one more than the largest number in the place of ``pattern``'s group; 0 if there is none."""
    compiled = re.compile(pattern)
    numbers = [int(match[1]) for name in tensors if (match := compiled.fullmatch(name))]
    return max(numbers, default=-1) + 1


def shape(tensors: Tensors, name: str, dimensions: int = 4) -> tuple[int, ...]:
    """Returns the shape of a tensor.

    Raises:
        UnfitError: if there is no such tensor, or it has another number of dimensions.
    """
    if name not in tensors or tensors[name].ndim != dimensions:
        raise UnfitError(f"the tensor '{name}' is missing or misshapen")
    return tensors[name].shape


def root(number: int, what: str) -> int:
    """Returns the whole square root of a number.

    Raises:
        UnfitError: if it has none.
    """
    found = math.isqrt(max(number, 0))
    if found < 1 or found * found != number:
        raise UnfitError(f"{what} cannot be determined from its tensors")
    return found
