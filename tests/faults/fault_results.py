"""What is seen of a result, so that two can be compared: everything but clocks and random names."""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import av
from pyarrow import parquet

from srgan.networks.model_file import read_model

_CLOCKS = ("seconds", "hours")


def seen_in(folder: Path) -> dict[str, str]:
    """Each file in a folder and below, hidden ones too, with a digest of what it says."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.parent.name != "events":  # where TensorBoard begins a file at each start
            found[str(path.relative_to(folder))] = "a folder" if path.is_dir() else seen(path)
    return found


def seen(path: Path) -> str:
    """A digest of what a file says.

    Raises:
        Exception: what its reader raises if it is damaged.
    """
    return _READERS.get(path.name, _READERS.get(path.suffix, _digest))(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _film(path: Path) -> str:
    """What is seen and heard, and when: the encoder of H.264 does not give the same bytes every time."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode():
            digest.update(f"{frame.pts} {frame.time_base}".encode() + frame.to_ndarray().tobytes())
    return digest.hexdigest()


def _table(path: Path) -> str:
    with path.open(newline="") as file:
        return json.dumps([_timeless(row) for row in csv.DictReader(file)])


def _manifest(path: Path) -> str:
    return json.dumps([_timeless(row) for row in parquet.read_table(path).to_pylist()])


def _model(path: Path) -> str:
    card, tensors = read_model(path)
    digest = hashlib.sha256(json.dumps(_timeless(card.training), sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode() + tensor.tobytes())
    return digest.hexdigest()


def _checkpoint(path: Path) -> str:
    """Raises what PyTorch raises if the checkpoint is damaged."""
    import torch

    digest = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, Mapping):
            for key, item in value.items():
                if key not in _CLOCKS:
                    digest.update(repr(key).encode())
                    add(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                add(item)
        elif isinstance(value, torch.Tensor):
            digest.update(value.contiguous().numpy().tobytes())
        else:
            digest.update(repr(value).encode())

    add(torch.load(path, map_location="cpu", weights_only=True))
    return digest.hexdigest()


def _timeless(says: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in says.items() if name not in _CLOCKS}


_READERS: Mapping[str, Callable[[Path], str]] = {
    ".mp4": _film,
    ".mkv": _film,
    ".csv": _table,
    ".parquet": _manifest,
    ".pt": _checkpoint,
    "generator.safetensors": _model,
}
