"""The tensors of files that other programs wrote: found in whatever they are wrapped in, as float32."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from srgan.errors import ModelError
from srgan.networks.architectures.folding import Array
from srgan.networks.torch_file import StoredTensor, from_bfloat16, is_torch_file, open_torch_file

_WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "generator", "net_g")
"""Keys under which programs save weights, the best first: an average over the steps is better."""


def read_tensors(path: Path) -> dict[str, Array]:
    """Reads the tensors of a ``.safetensors``, ``.pth`` or ``.pt`` file, recognised by its content.

    Returns:
        float32, by the names that they have in the file.

    Raises:
        ModelError: if the file is neither, is damaged, asks for more than tensors, or holds several networks,
            none, or values that are not finite.
    """
    tensors = _read_pytorch(path) if is_torch_file(path) else _read_safetensors(path)
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ModelError(f"{path}: '{name}' holds values that are not finite; get the file again")
    return tensors


def _read_safetensors(path: Path) -> dict[str, Array]:
    try:
        with safe_open(path, framework="numpy") as file:
            kinds = {name: file.get_slice(name).get_dtype() for name in file.offset_keys()}
            halves = [name for name, kind in kinds.items() if kind == "BF16"]
            wide = dict(_read_bfloat16(path, halves))
            return {name: wide[name] if name in wide else _floats(file.get_tensor(name)) for name in kinds}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: not a readable model, or damaged; get the file again") from error
    except (TypeError, AttributeError) as error:  # a type that NumPy does not have
        raise ModelError(f"{path}: holds numbers of a type that cannot be read ({error})") from None


def _read_bfloat16(path: Path, names: Iterable[str]) -> Iterator[tuple[str, Array]]:
    """Reads the bfloat16 tensors of a ``.safetensors`` file, which its own reader cannot convert to NumPy."""
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(start - 8))
        for name in names:
            begin, end = header[name]["data_offsets"]
            file.seek(start + begin)
            tensor = from_bfloat16(np.frombuffer(file.read(end - begin), "<u2"))
            yield name, tensor.reshape(header[name]["shape"])


def _read_pytorch(path: Path) -> dict[str, Array]:
    with open_torch_file(path) as saved:
        return {name: _floats(tensor.read()) for name, tensor in _weights(path, saved).items()}


def _floats(tensor: NDArray[np.generic]) -> Array:
    return tensor.astype(np.float32, copy=False)


def _weights(path: Path, saved: object) -> dict[str, StoredTensor]:
    """Returns the tensors of one network, out of a dictionary of them, or of such dictionaries."""
    if not isinstance(saved, Mapping):
        raise ModelError(f"{path}: holds no network; save its state_dict")
    tensors = {str(name): item for name, item in saved.items() if isinstance(item, StoredTensor)}
    if tensors:
        return tensors
    inner = {
        str(name): item for name, item in saved.items() if isinstance(item, Mapping) and _has_tensors(item)
    }
    chosen = next((name for name in _WRAPPERS if name in inner), None)
    if chosen is None and len(inner) == 1:
        (chosen,) = inner
    if chosen is None:
        what = f"several networks ({', '.join(sorted(inner))})" if inner else "no network"
        raise ModelError(f"{path}: holds {what}; save the state_dict of one")
    return _weights(path, inner[chosen])


def _has_tensors(item: object) -> bool:
    """Returns whether it holds a tensor, however deep; visits a repeated dictionary once."""
    seen, rest = set[int](), [item]
    while rest:
        item = rest.pop()
        if isinstance(item, StoredTensor):
            return True
        if isinstance(item, Mapping) and id(item) not in seen:
            seen.add(id(item))
            rest += item.values()
    return False
