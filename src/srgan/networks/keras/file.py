"""Networks in Keras files, ``.h5`` and ``.keras``: the list of layers and the weights, and nothing else.

Nothing in them is executed: of functions that they hold, only the names are read.
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from srgan.errors import MissingExtraError, ModelError
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.keras.layer import KerasLayer, KerasModel

_MODELS = ("Functional", "Model", "Sequential")
_PATIENCE = 30  # seconds for reading a file, and a second more for each of its megabytes
_UNFIT = 3  # what apart.py exits with where a file is not damaged


def read_keras(path: Path) -> KerasModel:
    """Reads a network that Keras saved as a whole, by ``model.save``.

    Raises:
        ModelError: if the file cannot be read, is damaged, or holds weights alone, or several networks.
        MissingExtraError: if h5py is not installed.
    """
    if importlib.util.find_spec("h5py") is None:
        raise MissingExtraError("reading Keras files", "keras")
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    try:
        return _model(*_contents(path))
    except UnfitError as error:
        raise ModelError(f"{path}: cannot be used: {error}") from None
    except MemoryError:
        raise ModelError(f"{path}: not enough memory to read it; free some, or get the file again") from None
    # What a file says may be of any type, and anything may be missing.
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, subprocess.TimeoutExpired):
        raise ModelError(f"{path}: not a readable Keras file, or damaged; get it again") from None


def _contents(path: Path) -> tuple[dict[str, Any], list[list[Array]]]:
    """Returns the description of a network, and the weights of its layers, from a process that may crash.

    Raises:
        UnfitError: if they cannot be used.
        ValueError: if the file is damaged.
    """
    command = [sys.executable, "-P", "-m", "srgan.networks.keras.apart", str(path)]
    patience = _PATIENCE + path.stat().st_size / 1e6
    done = subprocess.run(command, capture_output=True, timeout=patience)
    if done.returncode == _UNFIT:
        raise UnfitError(done.stdout.decode(errors="replace").strip())
    head, _, raw = done.stdout.partition(b"\n")
    if done.returncode != 0:
        raise ValueError(done.returncode)
    said = json.loads(head)
    numbers, place = np.frombuffer(raw, "<f4").astype(np.float32), 0
    if not np.isfinite(numbers).all():
        raise UnfitError("its weights are not all finite; get it again")
    weights: list[list[Array]] = []
    for shapes in said["shapes"]:
        weights.append([])
        for shape in shapes:
            end = place + math.prod(shape)
            weights[-1].append(numbers[place:end].reshape(shape))
            place = end
    return json.loads(said["config"]), weights


def _model(config: dict[str, Any], weights: list[list[Array]]) -> KerasModel:
    if config["class_name"] not in _MODELS:
        raise UnfitError(f"it is not a network of layers, but a {str(config['class_name'])[:60]!r}")
    inner = config["config"]
    is_chain = config["class_name"] == "Sequential"
    layers: list[KerasLayer] = []
    listed = inner if isinstance(inner, list) else inner["layers"]
    for item, numbers in zip(listed, weights, strict=True):
        kind, name = str(item["class_name"]), str(item.get("name") or item["config"]["name"])
        if kind in _MODELS:
            raise UnfitError("it holds a network within a network; save the generator alone")
        nodes = item.get("inbound_nodes") or []
        if len(nodes) > 1:
            raise UnfitError(f"its layer {name[:60]!r} is used more than once, which is not supported")
        before = (layers[-1].name,) if is_chain and layers else ()
        layer = KerasLayer(
            kind=kind,
            name=name,
            config=item["config"],
            inputs=before if is_chain else tuple(_sources(nodes)),
            weights=tuple(numbers),
        )
        layers.append(layer)
    ends = [layers[-1].name] if is_chain else list(_sources(inner["output_layers"]))
    if len(ends) != 1 or ends[0] not in {layer.name for layer in layers}:
        raise UnfitError(f"it has {len(ends)} results instead of one picture")
    return KerasModel(layers=tuple(layers), output=ends[0])


def _sources(item: Any) -> Iterator[str]:
    """Yields the names of layers in a description of calls, by any version of Keras: (name, node, result)."""
    match item:
        case {"keras_history": [str(name), *_]} | [str(name), int(), int(), *_]:
            yield name
        case dict():
            for value in item.values():
                yield from _sources(value)
        case list():
            for value in item:
                yield from _sources(value)
