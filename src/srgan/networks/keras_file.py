"""Networks in files of Keras, ``.h5`` and ``.keras``: the list of layers and the weights, and nothing else.

Nothing in them is executed: of functions that they hold, only the names are read.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from srgan.errors import MissingExtraError, ModelError
from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.keras_layer import KerasLayer, KerasModel

_ZIP_MAGIC = b"PK\x03\x04"
_MODELS = ("Functional", "Model", "Sequential")

_ReadWeights = Callable[[str, str, int], list[Array]]
"""The weights of a layer: of a name, of a kind, of which it is the one of a number."""


def read_keras(path: Path) -> KerasModel:
    """Reads a network that Keras saved as a whole, by ``model.save``.

    Raises:
        ModelError: if the file cannot be read, is damaged, or holds weights alone, or several networks.
        MissingExtraError: if h5py is not installed.
    """
    try:
        with _opened(path) as (config, read_weights):
            return _model(config, read_weights)
    except (ModelError, MissingExtraError):
        raise
    except UnfitError as error:
        raise ModelError(f"{path}: cannot be used: {error}") from None
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except MemoryError:
        raise ModelError(f"{path}: not enough memory to read it; free some, or get the file again") from None
    # A hostile or damaged file makes h5py raise nearly anything.
    except Exception:
        raise ModelError(f"{path}: not a readable file of Keras, or damaged; get it again") from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, Any], _ReadWeights]]:
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("reading files of Keras", "keras") from None
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
        size = path.stat().st_size
        file.seek(0)
        if is_zip:
            with zipfile.ZipFile(file) as archive:
                config, weights = (_stored(archive, name) for name in ("config.json", "model.weights.h5"))
            with h5py.File(io.BytesIO(weights), "r") as inner:
                yield json.loads(config), _Weights(inner, size).by_place
        else:
            with _h5(file) as whole:
                if "model_config" not in whole.attrs:
                    raise UnfitError("it holds weights without their layers; save the whole model")
                yield json.loads(whole.attrs["model_config"]), _Weights(whole, size).by_name


def _h5(file: BinaryIO) -> Any:
    import h5py

    return h5py.File(file, "r")


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member of an archive; compressed ones, of which a small file could fill the memory, are refused."""
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        raise UnfitError("it is compressed, as Keras does not; save it again")
    return archive.read(entry)


class _Weights:
    """The numbers in an HDF5 file. What it says of their sizes is compared with its own."""

    def __init__(self, file: Any, size: int) -> None:
        self._file = file
        self._size = size

    def by_name(self, name: str, kind: str, number: int) -> list[Array]:
        """As ``.h5`` files have them."""
        layer = self._inside(self._file, f"model_weights/{name}")
        names = (
            each.decode() if isinstance(each, bytes) else str(each) for each in layer.attrs["weight_names"]
        )
        return [self._numbers(layer, each) for each in names]

    def by_place(self, name: str, kind: str, number: int) -> list[Array]:
        """As ``.keras`` files have them: by the layer's class and a number, unless they say its name."""
        layers = self._inside(self._file, "layers")
        place = re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", kind).lower()
        place = f"{place}_{number}" if number else place
        for other in layers:
            group = self._inside(layers, other)
            if "vars" in group and self._inside(group, "vars").attrs.get("name") == name:
                place = other
        variables = self._inside(layers, f"{place}/vars")
        return [self._numbers(variables, str(index)) for index in range(len(variables))]

    def _inside(self, group: Any, path: str) -> Any:
        """What is at a path, without going to other files."""
        import h5py

        for name in path.split("/"):
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnfitError("its weights are not in the file itself, or not all of them")
            group = group[name]
        return group

    def _numbers(self, group: Any, path: str) -> Array:
        found = self._inside(group, path)
        if found.is_virtual or found.external or found.dtype.kind != "f":
            raise UnfitError("its weights are not in the file itself, or are no floats")
        if found.nbytes > self._size:
            raise UnfitError("its weights are more than the file can hold; get it again")
        values = np.asarray(found[()], np.float32)
        if not np.isfinite(values).all():
            raise UnfitError("its weights are not all finite; get it again")
        return values


def _model(config: dict[str, Any], read_weights: _ReadWeights) -> KerasModel:
    if config["class_name"] not in _MODELS:
        raise UnfitError(f"it is no network of layers, but a {str(config['class_name'])[:60]!r}")
    inner = config["config"]
    listed = inner if isinstance(inner, list) else inner["layers"]
    is_chain = config["class_name"] == "Sequential"
    counts: Counter[str] = Counter()
    layers: list[KerasLayer] = []
    for item in listed:
        kind, settings = str(item["class_name"]), item["config"]
        if kind in _MODELS:
            raise UnfitError("it holds a network within a network; save the generator alone")
        name = str(item.get("name") or settings["name"])
        nodes = item.get("inbound_nodes") or []
        if len(nodes) > 1:
            raise UnfitError(f"its layer {name[:60]!r} is used more than once, which is not known here")
        before = (layers[-1].name,) if is_chain and layers else ()
        layers.append(
            KerasLayer(
                kind=kind,
                name=name,
                config=settings,
                inputs=before if is_chain else tuple(_sources(nodes)),
                weights=tuple(read_weights(name, kind, counts[kind])) if _has_weights(kind) else (),
            )
        )
        counts[kind] += 1
    ends = [layers[-1].name] if is_chain else list(_sources(inner["output_layers"]))
    if len(ends) != 1 or ends[0] not in {layer.name for layer in layers}:
        raise UnfitError(f"it gives {len(ends)} results, and not one picture")
    return KerasModel(layers=tuple(layers), output=ends[0])


def _has_weights(kind: str) -> bool:
    return kind in ("Conv2D", "BatchNormalization", "PReLU")


def _sources(item: Any) -> Iterator[str]:
    """The names of layers in what any version of Keras says of calls: lists of (name, node, result)."""
    match item:
        case {"keras_history": [str(name), *_]} | [str(name), int(), int(), *_]:
            yield name
        case dict():
            for value in item.values():
                yield from _sources(value)
        case list():
            for value in item:
                yield from _sources(value)
