"""What is known about every input: a row each, in Parquet, from which the same command continues.

In files, paths of inputs are relative to the destination, so that inputs and results can move together; in
memory they are absolute. Addresses stay as they are.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from srgan.cluster.storage import Place, is_address
from srgan.errors import DataError

MANIFEST = "manifest.parquet"
WORK = ".srgan-cluster"
"""The folder, below the destination, of a run's unfinished work."""

_NOTES, _SUFFIX = "rows", ".parquet"
_AT_ONCE = 32  # workers' rows are small files, which a store is slow to read one by one
_GROUP = 4096  # rows of a manifest that are in memory at once, as dictionaries
_REPEATING = {"status", "model", "model_sha256", "options", "engine", "precision", "device", "version"}

ROW = pa.schema(
    [
        ("input", pa.string()),  # its path, relative to the manifest's folder, or its address
        ("output", pa.string()),  # path of the result, relative to the manifest's folder
        ("status", pa.string()),  # ok, or failed
        ("error", pa.string()),
        ("input_width", pa.int32()),
        ("input_height", pa.int32()),
        ("output_width", pa.int32()),
        ("output_height", pa.int32()),
        ("frames", pa.int32()),
        ("seconds", pa.float64()),  # of work on it; for a film in pieces, of joining them
        ("input_bytes", pa.int64()),
        ("output_bytes", pa.int64()),
        ("input_sha256", pa.string()),
        ("output_sha256", pa.string()),
        ("model", pa.string()),
        ("model_sha256", pa.string()),
        ("options", pa.string()),  # all that decides the result besides the model, as JSON
        ("engine", pa.string()),
        ("precision", pa.string()),
        ("device", pa.string()),
        ("version", pa.string()),
    ]
)
"""The columns of the manifest."""

Row = dict[str, Any]


class Rows(Mapping[str, Row]):
    """The last row of each input, in the order of these; in little memory, as there may be very many.

    Args:
        rows: to begin with.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}
        self.add(rows)

    def __getitem__(self, name: str) -> Row:
        return dict(zip(ROW.names, self._rows[name], strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Iterable[Row]) -> None:
        """Adds rows, which replace earlier ones of the same inputs."""
        for row in rows:
            self._rows.pop(row["input"], None)
            self._rows[row["input"]] = tuple(_shared(name, row[name]) for name in ROW.names)


def load(dest: Place) -> Rows:
    """Reads what is known at a destination, by input: the manifest, and what workers have noted since.

    Raises:
        DataError: if a file of it is damaged.
        OSError: if it cannot be read.
    """
    saved = _read(dest, dest / MANIFEST) if (dest / MANIFEST).exists() else []
    return Rows(chain(saved, read_notes(dest, list_notes(dest))))


def list_notes(dest: Place) -> list[Place]:
    """Returns the files in which workers have noted rows, oldest first.

    Raises:
        OSError: if they cannot be listed.
    """
    folder = dest / WORK / _NOTES
    # Killed workers leave unfinished files.
    return [folder / name for name, _ in folder.below() if name.endswith(_SUFFIX)]


def read_notes(dest: Place, notes: Sequence[Place]) -> Iterator[Row]:
    """Yields the rows in such files, in their order.

    Raises:
        DataError: if one is damaged.
        OSError: if one cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for rows in threads.map(lambda file: list(_read(dest, file)), notes):
            yield from rows


def note(dest: Place, rows: Sequence[Row]) -> None:
    """Keeps rows of a worker, until they are in the manifest.

    Raises:
        OutputError: if they cannot be written.
    """
    # The time has a fixed width, so that names sort by it; another worker may have the same.
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex}{_SUFFIX}"
    _write(dest, dest / WORK / _NOTES / name, rows)


def save(dest: Place, rows: Mapping[str, Row], notes: Sequence[Place]) -> None:
    """Writes the manifest, sorted by input; where two inputs claim one result, the later row has it.

    Args:
        dest: the destination.
        rows: all that is known.
        notes: files of workers whose rows are among them; removed.

    Raises:
        OutputError: if it cannot be written.
    """
    owners = {row["output"]: name for name, row in rows.items()}
    _write(dest, dest / MANIFEST, (rows[name] for name in sorted(owners.values())))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(Place.remove, notes))


def _shared(column: str, value: Any) -> Any:
    """Returns a value: the same object each time, where a column repeats the same few."""
    return sys.intern(value) if value and column in _REPEATING else value


def _read(dest: Place, file: Place) -> Iterator[Row]:
    try:
        batches = parquet.read_table(pa.BufferReader(file.read())).to_batches(_GROUP)
    except pa.ArrowException as error:
        raise DataError(f"{file}: is damaged; remove it, and all that it lists is done again") from error
    for row in chain.from_iterable(batch.to_pylist() for batch in batches):
        known = {name: row.get(name) for name in ROW.names}
        yield known | {"input": _absolute(dest, row["input"])}


def _write(dest: Place, file: Place, rows: Iterable[Row]) -> None:
    content = pa.BufferOutputStream()
    relative = (row | {"input": _relative(dest, row["input"])} for row in rows)
    with parquet.ParquetWriter(content, ROW, compression="zstd") as writer:
        while some := list(islice(relative, _GROUP)):
            writer.write_table(pa.Table.from_pylist(some, ROW))
    file.write(content.getvalue().to_pybytes())


def _relative(dest: Place, name: str) -> str:
    if dest.path is None or is_address(name) or os.path.splitdrive(name)[0] != dest.path.drive:
        return name
    return os.path.relpath(name, dest.path)


def _absolute(dest: Place, name: str) -> str:
    return name if dest.path is None or is_address(name) else os.path.normpath(dest.path / name)
