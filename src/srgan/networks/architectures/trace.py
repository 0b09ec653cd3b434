"""What a network's forward pass shows when it is traced once, without computing anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from srgan.networks.architectures.description import Architecture, Resampling, Shapes

_REACH = {"nearest": 0, "bilinear": 1, "bicubic": 2}
"""By kind of resampling: input pixels to each side of a result's place that it depends on."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What follows from an architecture.

    Attributes:
        scale: upscaling factor per side.
        radius: low-res pixels around a pixel, at each side, that its result depends on.
        needs: for each convolution, by name, how many pixels of its result, at its resolution, the layers
            after it reach at each side.
        last: name of the convolution that makes the picture.
        widest: values of the largest result of a layer, per low-res pixel.
        multiple: the sides of input pictures must be multiples of this.
        multiplications: multiplications in the convolutions, per low-res pixel.
    """

    scale: int
    radius: int
    needs: Mapping[str, int]
    last: str
    widest: int
    multiple: int
    multiplications: int


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One operation: its number, those whose results it takes, how far it reaches, what it makes larger.

    At a border it uses whole groups of ``grain`` pixels.
    """

    number: int
    inputs: tuple[_Step, ...] = ()
    name: str = ""
    radius: int = 0
    side: Fraction = Fraction(1)
    scale: Fraction = Fraction(1)
    grain: int = 1


def trace(architecture: Architecture) -> Trace:
    """Traces an architecture's forward pass."""
    ops = _TracingOps(architecture.shapes())
    result = architecture.forward(ops, ops.step())
    needs = [0] * len(ops.steps)
    for step in reversed(ops.steps):
        for source in step.inputs:
            need = -(-needs[step.number] // step.side) + step.radius
            need += -need % step.grain
            needs[source.number] = max(needs[source.number], need)
    return Trace(
        scale=int(result.scale),
        radius=needs[0],
        needs={step.name: needs[step.number] for step in ops.steps if step.name},
        last=[step.name for step in ops.steps if step.name][-1],
        widest=math.ceil(ops.widest),
        multiple=math.lcm(*(step.scale.denominator for step in ops.steps)),
        multiplications=math.ceil(ops.multiplications),
    )


class _TracingOps:
    """Records the steps; see :class:`~srgan.networks.architectures.description.Ops`."""

    def __init__(self, shapes: Shapes) -> None:
        self.steps: list[_Step] = []
        self.widest = self.multiplications = Fraction(0)
        self._shapes = shapes

    def step(
        self,
        *inputs: _Step,
        name: str = "",
        radius: int = 0,
        side: Fraction | int = 1,
        grain: int = 1,
    ) -> _Step:
        side = Fraction(side)
        step = _Step(
            number=len(self.steps),
            inputs=inputs,
            name=name,
            radius=radius,
            side=side,
            scale=side * inputs[0].scale if inputs else side,
            grain=grain,
        )
        self.steps.append(step)
        return step

    def convolution(self, x: _Step, name: str, norm: str = "") -> _Step:
        size = self._count(name, x.scale)
        return self.step(x, name=name, radius=size // 2)

    def first_convolution(self, picture: _Step, name: str) -> _Step:
        return self.convolution(picture, name)

    def last_convolution(self, x: _Step, name: str, side: int) -> _Step:
        return self.convolution(x, name)

    def last_convolution_of_shuffled(self, x: _Step, name: str, side: int) -> _Step:
        size = self._count(name, side * x.scale)
        return self.step(x, name=name, radius=-(-(size // 2) // side))

    def _count(self, name: str, scale: Fraction) -> int:
        """Counts the work of a convolution on maps ``scale`` times as high and wide; returns its size."""
        outputs, *inputs, size = self._shapes[f"{name}.weight"]
        self.widest = max(self.widest, outputs * scale**2)
        self.multiplications += outputs * math.prod(inputs) * size * scale**2
        return size

    def prelu(self, x: _Step, name: str) -> _Step:
        return x

    def leaky_relu(self, x: _Step, slope: float) -> _Step:
        return x

    def sigmoid(self, x: _Step) -> _Step:
        return x

    def tanh(self, x: _Step) -> _Step:
        return x

    def clamp(self, x: _Step, low: float, high: float) -> _Step:
        return x

    def scaled(self, x: _Step, name: str) -> _Step:
        return x

    def add(self, x: _Step, y: _Step, factor: float = 1.0) -> _Step:
        return self.step(x, y)

    def multiply(self, x: _Step, y: _Step) -> _Step:
        return self.step(x, y)

    def concat(self, maps: Sequence[_Step]) -> _Step:
        return self.step(*maps)

    def shift(self, picture: _Step, name: str) -> _Step:
        return picture

    def values(self, picture: _Step) -> _Step:
        return picture

    def pixels(self, x: _Step) -> _Step:
        return x

    def unshuffle(self, x: _Step, side: int) -> _Step:
        # In a pixel's own cell, the pixels before or after it count too.
        return self.step(x, radius=side - 1, side=Fraction(1, side))

    def enlarge(self, x: _Step, side: int) -> _Step:
        return self.step(x, side=side)

    def resized(self, x: _Step, factor: Fraction, kind: Resampling) -> _Step:
        return self.step(x, radius=_REACH[kind], side=factor, grain=factor.denominator)

    def shuffle(self, x: _Step, side: int) -> _Step:
        return self.step(x, side=side)

    def add_repeated(self, cells: _Step, picture: _Step, side: int) -> _Step:
        return self.step(cells, picture)

    def picture(self, cells: _Step, side: int) -> _Step:
        return self.step(cells, side=side)
