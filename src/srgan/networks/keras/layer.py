"""A Keras network, as its file describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.recognised import UnfitError

IDENTITIES = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization")
"""Kinds of layers that do something in training only."""

_KEEP_CHANNELS = ("Activation", "LeakyReLU", "ReLU", "UpSampling2D", "Add", *IDENTITIES)


@dataclass(frozen=True, kw_only=True)
class KerasLayer:
    """A layer.

    Attributes:
        kind: its class.
        name: its name.
        config: its other settings, of any type: files come from anywhere.
        inputs: names of the layers whose results it takes.
        weights: in Keras's order; a convolution's are (height, width, in, out).
    """

    kind: str
    name: str
    config: dict[str, Any]
    inputs: tuple[str, ...]
    weights: tuple[Array, ...]

    @property
    def activation(self) -> str:
        """The name of its activation, which files state in several ways."""
        said = self.config.get("activation", "linear")
        if isinstance(said, dict):
            said = said["config"] if said["class_name"] == "function" else said["class_name"]
        return str(said).lower()

    @property
    def slopes(self) -> Array:
        """The slopes of a PReLU.

        Raises:
            UnfitError: if each pixel has its own.
        """
        (alpha,) = self.weights
        if alpha.ndim != 3 or alpha.shape[:2] != (1, 1):
            raise UnfitError("it has a PReLU with slopes for each pixel, which fits one size of pictures")
        return alpha

    @property
    def border(self) -> int:
        """Pixels that a ZeroPadding2D adds at each side.

        Raises:
            UnfitError: if the sides differ.
        """
        padding = self.config["padding"]
        sides = {
            each for side in (padding if isinstance(padding, list) else [padding]) for each in pair(side)
        }
        if len(sides) != 1:
            raise UnfitError("it has padding that is not the same at all sides")
        return sides.pop()

    def number(self, *keys: str) -> float:
        """Returns a number that has one of these keys."""
        value = next(self.config[key] for key in keys if key in self.config)
        if isinstance(value, dict):  # an array of one number
            value = value["config"]["value"]
        return float(value)


@dataclass(frozen=True, kw_only=True)
class KerasModel:
    """The layers of a network, each after its inputs, and the name of the last."""

    layers: tuple[KerasLayer, ...]
    output: str

    def channels_behind(self, name: str) -> int:
        """Returns the channels of a layer's result, as the layers after it show; 0 if they do not."""
        if name == self.output:
            return 3
        for layer in self.layers:
            if name not in layer.inputs:
                continue
            if layer.kind == "Conv2D":
                return int(layer.weights[0].shape[2])
            if layer.kind in ("PReLU", "BatchNormalization"):
                return int(layer.weights[-1].shape[-1])
            if layer.kind in _KEEP_CHANNELS:
                return self.channels_behind(layer.name)
        return 0


def pair(value: Any) -> list[int]:
    """Returns one number or two, as whole numbers."""
    return [int(each) for each in value] if isinstance(value, list) else [int(value)]
