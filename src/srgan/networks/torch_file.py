"""Tensors in PyTorch's files, ``.pth`` and ``.pt``, read without PyTorch and without executing anything.

The format is a pickle, which can ask for any function of any module to be called. Here it can ask for the few
that put a tensor together, each replaced by a stand-in that only records what was wanted.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from srgan.errors import ModelError

_ZIP_MAGIC = b"PK\x03\x04"
_PICKLE_MAGIC = b"\x80"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER
_BFLOAT16 = "bfloat16"  # which NumPy lacks
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}

_ReadStorage = Callable[[str, int], bytes]
"""Returns the bytes of a storage, from its key and its size in bytes."""


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that is still in its file.

    Attributes:
        shape: its shape.
        read: returns its values, 16-bit floats as float32.
    """

    shape: tuple[int, ...]
    read: Callable[[], NDArray[Any]]


def is_torch_file(path: Path) -> bool:
    """Returns whether a file begins as those of ``torch.save`` do, or as another pickle.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(9)
    # The ninth byte of a .safetensors file opens its header; the eight before it may be anything.
    return head.startswith(_ZIP_MAGIC) or (head.startswith(_PICKLE_MAGIC) and not head.endswith(b"{"))


@contextmanager
def open_torch_file(path: Path) -> Iterator[object]:
    """Opens what ``torch.save`` wrote, in PyTorch's zip format or in the one before version 1.6.

    Yields:
        Dictionaries, lists, numbers, texts, and :class:`StoredTensor`, which can be read until it is closed.

    Raises:
        ModelError: if the file is damaged, or asks for a class or function other than those that tensors are
            made of. Raised here, or within the context when a tensor is read.
    """
    try:
        with path.open("rb") as file:
            is_zip = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
            file.seek(0)
            if is_zip:
                with zipfile.ZipFile(file) as archive:
                    yield _read_zip(archive)
            else:
                yield _read_legacy(file)
    except ModelError:
        raise
    except _RefusedError as error:
        raise ModelError(f"{path}: {error}") from None
    except MemoryError:
        raise ModelError(f"{path}: not enough memory to read it; free some, or get the file again") from None
    # A hostile or damaged pickle makes the reader raise nearly anything.
    except Exception:
        raise ModelError(f"{path}: not a readable PyTorch file, or damaged; get the file again") from None


def from_bfloat16(halves: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Converts bfloat16, the upper halves of float32, to float32; NumPy does not have the type."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


class _RefusedError(Exception):
    """The file is intact, but not of a kind that is read here."""


def _read_zip(archive: zipfile.ZipFile) -> object:
    (name,) = (name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
    root = name.removesuffix("data.pkl")
    if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
        raise _RefusedError("was written on a computer of another byte order, which cannot be read")

    def read(key: str, size: int) -> bytes:
        entry = archive.getinfo(f"{root}data/{key}")
        # Compressed, a small file could fill the memory; PyTorch does not compress.
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size < size:
            raise ValueError(key)
        return archive.read(entry)  # and verifies its checksum

    return _Reader(io.BytesIO(archive.read(name)), read).load()


def _read_legacy(file: BinaryIO) -> object:
    """Reads magic number, version, machine, object, keys of storages; then each storage with its length."""
    sizes: dict[str, int] = {}
    places: dict[str, int] = {}

    def read(key: str, size: int) -> bytes:
        file.seek(places[key])
        return file.read(size)

    def load() -> object:
        return _Reader(file, read, sizes).load()

    if load() != _LEGACY_MAGIC:
        raise _RefusedError("is a pickle that PyTorch did not write; save the weights with torch.save")
    _, machine, saved, keys = load(), load(), load(), load()
    if not isinstance(machine, Mapping) or machine.get("little_endian") is not True:
        raise _RefusedError("was written on a computer of another byte order, which cannot be read")
    if not isinstance(keys, list):
        raise TypeError(keys)
    place = file.tell()
    for key in keys:
        place += 8  # its length, in elements
        places[key] = place
        place += sizes[key]
    return saved


class _Reader(
    pickle._Unpickler
):  # in Python: the C one takes 16 bytes for each number up to one that a file names
    """An unpickler that supports tensors only.

    What it returns for a name can do no harm even if the pickle sets attributes of it: it is made anew
    each time, or has none.
    """

    def __init__(self, file: BinaryIO, read: _ReadStorage, sizes: dict[str, int] | None = None) -> None:
        super().__init__(file)
        self._read = read
        self._sizes = {} if sizes is None else sizes

    def find_class(self, module: str, name: str) -> Any:
        """Returns the stand-in for a class or function.

        Raises:
            _RefusedError: if it has none.
        """
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        stand_ins: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor"): lambda *of: _rebuilt(*of),
            ("torch._utils", "_rebuild_tensor_v2"): lambda *of: _rebuilt(*of[:4]),
            ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
        }
        if (module, name) not in stand_ins:
            wanted = f"{module}.{name}".encode("unicode_escape").decode()[:100]
            raise _RefusedError(
                f"asks for '{wanted}', and only tensors are read, for safety; save its state_dict alone"
            )
        return stand_ins[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, Callable[[], bytes]]:
        """Returns a storage: its type, and what reads it."""
        _, kind, key, _, count = pid[:5]
        if kind not in _TYPES.values():
            raise ValueError(kind)
        size = count * _item_size(kind)
        if self._sizes.setdefault(key, size) != size:
            raise ValueError(key)
        return kind, lambda: self._read(key, size)


def _item_size(kind: str) -> int:
    return 2 if kind == _BFLOAT16 else np.dtype(kind).itemsize


def _rebuilt(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> StoredTensor:
    kind, read = storage
    if min((offset, *size, *stride)) < 0 or len(size) != len(stride):
        raise ValueError(size)

    def values() -> NDArray[Any]:
        raw = np.frombuffer(read(), np.dtype("<u2" if kind == _BFLOAT16 else kind))
        last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        if (0 not in size and last >= raw.size) or math.prod(size) > raw.size:
            raise ValueError(size)
        view = as_strided(raw[offset:], size, [step * raw.itemsize for step in stride], writeable=False)
        if kind == _BFLOAT16:
            return from_bfloat16(view)
        return view.astype(np.float32) if kind == "<f2" else view.copy()

    return StoredTensor(tuple(size), values)
