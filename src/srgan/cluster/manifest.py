"""What is known of every input: a row each, in Parquet, from which the same command goes on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from srgan.cluster.storage import Place
from srgan.errors import DataError

MANIFEST = "manifest.parquet"
WORK = ".srgan-cluster"
"""The folder, below the destination, of what a run has not yet finished."""

_READERS = 32  # rows of workers are small files, which a store gives slowly one by one

ROW = pa.schema(
    [
        ("input", pa.string()),  # its path or address
        ("output", pa.string()),  # name of the result, from the manifest's folder on
        ("status", pa.string()),  # ok, or failed
        ("error", pa.string()),
        ("input_width", pa.int32()),
        ("input_height", pa.int32()),
        ("output_width", pa.int32()),
        ("output_height", pa.int32()),
        ("frames", pa.int32()),
        ("seconds", pa.float64()),  # of work on it; of a film, on all its pieces
        ("input_bytes", pa.int64()),
        ("output_bytes", pa.int64()),
        ("input_sha256", pa.string()),
        ("output_sha256", pa.string()),
        ("model", pa.string()),
        ("model_sha256", pa.string()),
        ("options", pa.string()),  # all that decides the result beside the model, as JSON
        ("engine", pa.string()),
        ("precision", pa.string()),
        ("device", pa.string()),
        ("version", pa.string()),
    ]
)
"""The columns of the manifest."""

Row = dict[str, Any]


def load(dest: Place) -> dict[str, Row]:
    """Reads what is known below a destination, by input: the manifest, and what workers have noted since.

    Raises:
        DataError: if a file of it is damaged.
        OSError: if it cannot be read.
    """
    rows: dict[str, Row] = {}
    if (dest / MANIFEST).exists():
        rows = {row["input"]: row for row in _read(dest / MANIFEST)}
    rows.update(read_notes(list_notes(dest)))
    return rows


def list_notes(dest: Place) -> list[Place]:
    """The files in which workers have noted rows.

    Raises:
        OSError: if they cannot be listed.
    """
    folder = dest / WORK / "rows"
    return [folder / name for name, _ in folder.below()]


def read_notes(notes: Sequence[Place]) -> dict[str, Row]:
    """The rows in such files, by input.

    Raises:
        DataError: if one is damaged.
        OSError: if one cannot be read.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        return {row["input"]: row for part in readers.map(_read, notes) for row in part}


def note(dest: Place, rows: Sequence[Row]) -> None:
    """Keeps rows of a worker, until they are in the manifest.

    Raises:
        OutputError: if they cannot be written.
    """
    _write(dest / WORK / "rows" / f"{uuid.uuid4().hex}.parquet", rows)


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
    kept = [row for name, row in rows.items() if owners[row["output"]] == name]
    _write(dest / MANIFEST, sorted(kept, key=lambda row: str(row["input"])))
    for note_file in notes:
        note_file.remove()


def _read(place: Place) -> list[Row]:
    try:
        rows: list[Row] = parquet.read_table(pa.BufferReader(place.read())).to_pylist()
        return [{name: row.get(name) for name in ROW.names} for row in rows]
    except pa.ArrowException as error:
        raise DataError(f"{place}: is damaged; remove it, and all that it lists is done again") from error


def _write(place: Place, rows: Sequence[Row]) -> None:
    content = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(list(rows), ROW), content, compression="zstd")
    place.write(content.getvalue().to_pybytes())
