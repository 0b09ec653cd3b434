"""Reads the numbers in Keras files in a process of its own: HDF5's library crashes on some damaged files.

Run as a program, this is that process. Nothing in a file is executed, and no other file is opened for it.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from srgan.networks.architectures.folding import Array
from srgan.networks.architectures.recognised import UnfitError

_UNFIT = 3  # the exit code where the file is not damaged, but cannot be used; stdout says why

_FIXED, _TIMES = 128 * 2**20, 8
"""Bytes that reading a file may take, and how often its own size besides: it is held in several forms."""

_ZIP_MAGIC = b"PK\x03\x04"
_WITH_WEIGHTS = ("Conv2D", "BatchNormalization", "PReLU")


def read_apart(path: Path) -> tuple[str, list[list[Array]]]:
    """Returns the JSON that describes a network, and the weights of its layers, in their order.

    Raises:
        UnfitError: if it lacks either, or they are not in the file itself.
        Exception: of any kind, if it is damaged.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        is_zip = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
        file.seek(0)
        if is_zip:
            with zipfile.ZipFile(file) as archive:
                config, numbers = (_stored(archive, name) for name in ("config.json", "model.weights.h5"))
            with h5py.File(io.BytesIO(numbers), "r") as inner:
                return config.decode(), _weights(config, _Numbers(inner, size, is_archive=True))
        with h5py.File(file, "r") as whole:
            if "model_config" not in whole.attrs:
                raise UnfitError("it holds weights without their layers; save the whole model")
            text = str(np.asarray(whole.attrs["model_config"]).astype(str))
            return text, _weights(text, _Numbers(whole, size, is_archive=False))


def _weights(config: str | bytes, numbers: _Numbers) -> list[list[Array]]:
    counts: Counter[str] = Counter()
    found = []
    inner = json.loads(config)["config"]
    for layer in inner if isinstance(inner, list) else inner["layers"]:
        kind, name = str(layer["class_name"]), str(layer.get("name") or layer["config"]["name"])
        found.append(numbers.of(name, kind, counts[kind]) if kind in _WITH_WEIGHTS else [])
        counts[kind] += 1
    return found


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    """Reads a member of an archive; refuses compressed ones, which could fill the memory."""
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        raise UnfitError("it is compressed, which Keras does not do; save it again")
    return archive.read(entry)


class _Numbers:
    """The numbers in an HDF5 file. The sizes that it states are checked against its own."""

    def __init__(self, file: Any, size: int, *, is_archive: bool) -> None:
        self._file = file
        self._size = size
        self._is_archive = is_archive

    def of(self, name: str, kind: str, number: int) -> list[Array]:
        """Returns the weights of a layer, found by its name, or by its kind and its number in that kind."""
        if self._is_archive:
            variables = self._variables(name, kind, number)
            return [self._read(variables, str(index)) for index in range(len(variables))]
        layer = self._inside(self._file, f"model_weights/{name}")
        names = np.asarray(layer.attrs["weight_names"]).astype(str)
        return [self._read(layer, str(each)) for each in names]

    def _variables(self, name: str, kind: str, number: int) -> Any:
        """Returns a group in a ``.keras``, found by the layer's class and number unless it says the name."""
        layers = self._inside(self._file, "layers")
        place = re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", kind).lower()
        place = f"{place}_{number}" if number else place
        for other in layers:
            group = self._inside(layers, other)
            if "vars" in group and self._inside(group, "vars").attrs.get("name") == name:
                place = other
        return self._inside(layers, f"{place}/vars")

    def _inside(self, group: Any, path: str) -> Any:
        """Returns what is at a path, without following links to other files."""
        for name in path.split("/"):
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnfitError("its weights are not in the file itself, or not all of them")
            group = group[name]
        return group

    def _read(self, group: Any, path: str) -> Array:
        found = self._inside(group, path)
        if found.is_virtual or found.external or found.dtype.kind != "f":
            raise UnfitError("its weights are not in the file itself, or are not floats")
        if found.nbytes > self._size:
            raise UnfitError("its weights are larger than the file; get it again")
        return np.asarray(found[()], np.float32)


def _bound_memory(path: Path) -> None:
    """Lets reading a file take no more memory than it can need: HDF5 believes the sizes in damaged ones."""
    if sys.platform != "linux":
        return
    import resource

    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = taken + _FIXED + _TIMES * path.stat().st_size
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _main(path: str) -> None:
    """Prints a line of JSON, the description and the shapes of all weights, and then their bytes."""
    _bound_memory(Path(path))
    try:
        config, weights = read_apart(Path(path))
    except UnfitError as error:
        print(error)
        sys.exit(_UNFIT)
    shapes = [[array.shape for array in arrays] for arrays in weights]
    sys.stdout.buffer.write(json.dumps({"config": config, "shapes": shapes}).encode() + b"\n")
    for array in (array for arrays in weights for array in arrays):
        sys.stdout.buffer.write(np.asarray(array, "<f4").tobytes())


if __name__ == "__main__":
    _main(sys.argv[1])
