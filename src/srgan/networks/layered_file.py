"""Graphs of layers in ``.safetensors`` files: the list of layers is JSON in the metadata."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
from safetensors.numpy import save

from srgan.files import write_file
from srgan.networks.architectures import layers as kinds
from srgan.networks.architectures.description import Resampling
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.layered import Layered
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.model_file import find_metadata

_KEY = "srgan.layers"
_NAME = "layer"
_MOST = 2**31  # limit of whole numbers
_KINDS: dict[str, type[kinds.Layer]] = {
    kind.__name__: kind
    for kind in (
        kinds.Convolution,
        kinds.PReLU,
        kinds.LeakyReLU,
        kinds.Sigmoid,
        kinds.Tanh,
        kinds.Clamp,
        kinds.Scale,
        kinds.Add,
        kinds.Multiply,
        kinds.Concat,
        kinds.Shuffle,
        kinds.Unshuffle,
        kinds.Resize,
    )
}


def write_layered(path: Path, architecture: Layered, tensors: Tensors) -> None:
    """Writes a network, whole or not at all.

    Args:
        path: the ``.safetensors`` file; replaced if it exists. Its folder must exist.
        architecture: its layers.
        tensors: its parameters, float32, by the names that the architecture gives them.

    Raises:
        OutputError: if it cannot be written.
    """
    write_file(path, layered_bytes(architecture, tensors), durable=True)


def layered_bytes(architecture: Layered, tensors: Tensors) -> bytes:
    """Returns what :func:`write_layered` writes."""
    listed = [{_NAME: type(layer).__name__, **dataclasses.asdict(layer)} for layer in architecture.layers]
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return save(contiguous, metadata={_KEY: json.dumps(listed)})


def read_layered(path: Path) -> Layered | None:
    """Reads the layers of a ``.safetensors`` file; None if it lists none, or is no such file.

    Raises:
        UnfitError: if they are not a list of layers that fit together.
    """
    text = find_metadata(path, _KEY)
    if text is None:
        return None
    try:
        return Layered(tuple(_layer(dict(fields)) for fields in json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnfitError("its list of layers is damaged; get the file again") from None


def _layer(fields: dict[str, Any]) -> kinds.Layer:
    """Returns a layer from what JSON holds; files come from anywhere."""
    kind = _KINDS[fields.pop(_NAME)]
    fields["sources"] = tuple(fields["sources"])
    layer = kind(**fields)
    for field in dataclasses.fields(layer):
        value = getattr(layer, field.name)
        numbers = value if field.name == "sources" else (value,)
        if field.type == "Resampling":
            is_right = value in get_args(Resampling)
        elif field.type == "float":
            is_right = type(value) in (float, int) and abs(value) < _MOST**4
        else:
            is_right = all(type(each) is int and abs(each) < _MOST for each in numbers)
        if not is_right:
            raise ValueError(field.name)
    return layer
