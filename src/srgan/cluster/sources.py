"""Finds what to upscale: a folder, a pattern, one file, or a manifest of addresses; and where results go."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from srgan.cluster.storage import Place, is_address
from srgan.errors import DataError, UsageError
from srgan.images.read import EXTENSIONS
from srgan.jobs.inputs import Input
from srgan.jobs.naming import plan_files, plan_targets
from srgan.video.kinds import VIDEO_EXTENSIONS

_MANIFESTS = (".csv", ".parquet")
_COLUMN = "uri"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One input.

    Attributes:
        input: its path or address.
        output: name of its result below the destination, with "/" between folders.
        size: its bytes; 0 if unknown.
    """

    input: str
    output: str
    size: int = 0


def find_items(
    source: str, dest: Place, *, extension: str | None, recursive: bool, tell: Callable[[str], None]
) -> list[Item]:
    """Returns the inputs, each with the name of its result, by the rules of ``srgan upscale``.

    Args:
        source: a folder, a pattern, a file, or a manifest: a CSV or Parquet file with a column "uri" of
            paths, relative to its folder, and addresses. All but patterns may be addresses.
        dest: the folder of the results.
        extension: that of pictures' results, with its dot; None keeps the input's where it can be written.
        recursive: whether folders are searched with their sub-folders, which are mirrored.
        tell: takes one line about what is left out.

    Raises:
        UsageError: if nothing is there, or a result would replace an input.
        DataError: if a manifest cannot be read.
        OSError: if a folder of a store cannot be listed.
    """
    where = Place.of(source) if is_address(source) else None
    if source.lower().partition("?")[0].endswith(_MANIFESTS):
        return _named(_listed(where or Place.of(source)), dest, extension)
    if where is None or where.path is not None:
        return _on_this_computer(source if where is None else str(where), dest, extension, recursive, tell)
    return _in_store(where, dest, extension, recursive)


def _on_this_computer(
    source: str, dest: Place, extension: str | None, recursive: bool, tell: Callable[[str], None]
) -> list[Item]:
    out = dest.path or Path(os.sep, "in a store")
    pairs = plan_files(
        [source], f"{out}{os.sep}", suffix="", extension=extension, recursive=recursive, tell=tell
    )
    if len(pairs) == 1 and not pairs[0][0].exists():
        raise UsageError(f"{source}: there is no such file or folder; check the name")
    return [
        Item(
            input=str(file.absolute()),
            output=target.relative_to(out).as_posix(),
            size=file.stat().st_size if file.is_file() else 0,
        )
        for file, target in pairs
    ]


def _in_store(where: Place, dest: Place, extension: str | None, recursive: bool) -> list[Item]:
    """Lists pictures and videos of a store: one object, or all below a folder, or by a pattern."""
    address, mark, query = where.text.partition("?")
    folder, pattern = address, "*"
    if glob.has_magic(address):
        folder, pattern = _split_pattern(address)
    root = Place(folder + mark + query)
    if pattern == "*" and root.exists():
        found = {posixpath.basename(folder): 0}
        root = Place(posixpath.dirname(folder) + mark + query)
    else:
        has_depth = recursive or "/" in pattern
        found = {
            name: size
            for name, size in root.below()
            if (has_depth or "/" not in name) and _matches(name, pattern) and _is_input(name)
        }
    if not found:
        raise UsageError(f"no pictures or videos in {where}; check the address, or search the folders below")
    targets = _targets([PurePosixPath(name) for name in found], extension)
    items = [
        Item(input=str(root / name), output=target, size=size)
        for (name, size), target in zip(found.items(), targets, strict=True)
    ]
    return _checked(items, dest)


def _split_pattern(address: str) -> tuple[str, str]:
    parts = address.split("/")
    plain = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return "/".join(parts[:plain]), "/".join(parts[plain:])


def _matches(name: str, pattern: str) -> bool:
    return pattern == "*" or fnmatchcase(name, pattern)


def _is_input(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = any(part.startswith(".") for part in path.parts)
    return not is_hidden and path.suffix.lower() in EXTENSIONS | VIDEO_EXTENSIONS


def _listed(manifest: Place) -> list[str]:
    """Returns the paths and addresses in a manifest."""
    import pyarrow
    from pyarrow import csv, parquet

    try:
        content = pyarrow.BufferReader(manifest.read())
        is_csv = manifest.name.lower().endswith(".csv")
        table = csv.read_csv(content) if is_csv else parquet.read_table(content)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{manifest}: cannot be read as a list of inputs ({error})") from error
    if _COLUMN not in table.column_names:
        found = ", ".join(table.column_names)
        raise DataError(f"{manifest}: has no column '{_COLUMN}', only {found}; rename the one with the paths")
    listed = [str(value) for value in table[_COLUMN].to_pylist() if value]
    if not listed:
        raise DataError(f"{manifest}: lists nothing; write a path or an address into each row")
    base = Path() if manifest.path is None else manifest.path.parent
    return [text if is_address(text) else str(base / text) for text in dict.fromkeys(listed)]


def _named(listed: Sequence[str], dest: Place, extension: str | None) -> list[Item]:
    """Mirrors the folders of a manifest's paths, below the one they have in common."""
    inputs = [str(Place.of(text)) for text in listed]
    paths = [PurePosixPath(text.partition("?")[0].replace("://", "/").lstrip("/")) for text in inputs]
    common = posixpath.commonpath([str(path.parent) for path in paths])
    targets = _targets([path.relative_to(common) for path in paths], extension)
    return _checked(
        [Item(input=text, output=target) for text, target in zip(inputs, targets, strict=True)], dest
    )


def _targets(names: Sequence[PurePosixPath], extension: str | None) -> list[str]:
    found = [Input(Path(name), Path(name.parent)) for name in names]
    return [target.as_posix() for target in plan_targets(found, Path(), extension, "")]


def _checked(items: list[Item], dest: Place) -> list[Item]:
    inputs = {item.input for item in items}
    for item in items:
        if str(dest / item.output) in inputs:
            raise UsageError(f"{dest / item.output}: is an input itself; choose another output", field="dest")
    return items
