"""What can be known of a network by going through its forward pass once, without computing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srgan.networks.architectures.description import Architecture, Shapes


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What follows from an architecture.

    Attributes:
        scale: enlargement per side.
        radius: low-res pixels around a pixel, at each side, that its result depends on.
        needs: for each convolution, by name, how many pixels of its result, at its resolution, the layers
            behind it reach at each side.
        last: name of the convolution that makes the picture.
        widest: values of the largest result of a layer, for each low-res pixel.
    """

    scale: int
    radius: int
    needs: Mapping[str, int]
    last: str
    widest: int


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One operation: its number, those whose results it takes, how far it reaches, what it makes larger."""

    number: int
    inputs: tuple[_Step, ...] = ()
    name: str = ""
    radius: int = 0
    side: int = 1
    scale: int = 1


def trace(architecture: Architecture) -> Trace:
    """Goes through an architecture's forward pass."""
    ops = _TracingOps(architecture.shapes())
    result = architecture.forward(ops, ops.step())
    needs = [0] * len(ops.steps)
    for step in reversed(ops.steps):
        for source in step.inputs:
            need = -(-needs[step.number] // step.side) + step.radius
            needs[source.number] = max(needs[source.number], need)
    return Trace(
        scale=result.scale,
        radius=needs[0],
        needs={step.name: needs[step.number] for step in ops.steps if step.name},
        last=[step.name for step in ops.steps if step.name][-1],
        widest=ops.widest,
    )


class _TracingOps:
    """Notes the steps; see :class:`~srgan.networks.architectures.description.Ops`."""

    def __init__(self, shapes: Shapes) -> None:
        self.steps: list[_Step] = []
        self.widest = 0
        self._shapes = shapes

    def step(self, *inputs: _Step, name: str = "", radius: int = 0, side: int = 1) -> _Step:
        scale = side * inputs[0].scale if inputs else 1
        step = _Step(number=len(self.steps), inputs=inputs, name=name, radius=radius, side=side, scale=scale)
        self.steps.append(step)
        return step

    def convolution(self, x: _Step, name: str, norm: str = "") -> _Step:
        outputs, *_, size = self._shapes[f"{name}.weight"]
        self.widest = max(self.widest, outputs * x.scale**2)
        return self.step(x, name=name, radius=size // 2)

    def first_convolution(self, picture: _Step, name: str) -> _Step:
        return self.convolution(picture, name)

    def last_convolution(self, x: _Step, name: str, side: int) -> _Step:
        return self.convolution(x, name)

    def last_convolution_of_shuffled(self, x: _Step, name: str, side: int) -> _Step:
        outputs, *_, size = self._shapes[f"{name}.weight"]
        self.widest = max(self.widest, outputs * (side * x.scale) ** 2)
        return self.step(x, name=name, radius=-(-(size // 2) // side))

    def prelu(self, x: _Step, name: str) -> _Step:
        return x

    def add(self, x: _Step, y: _Step) -> _Step:
        return self.step(x, y)

    def shuffle(self, x: _Step, side: int) -> _Step:
        return self.step(x, side=side)

    def add_repeated(self, cells: _Step, picture: _Step, side: int) -> _Step:
        return self.step(cells, picture)

    def picture(self, cells: _Step, side: int) -> _Step:
        return self.step(cells, side=side)
