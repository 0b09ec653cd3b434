"""Which files are read, and where each result goes: the naming rules of ``srgan upscale``."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srgan.errors import UsageError
from srgan.images.read import list_pictures

# What "auto" writes for an input of each extension; anything else becomes PNG.
_KEPT = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".avif", ".gif"}
_REPLACED = {".heic": ".jpg", ".heif": ".jpg"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One input and the file its result goes to."""

    source: Path
    target: Path


@dataclass(frozen=True)
class _Input:
    """A file to be read, and its folder below the place the user named."""

    file: Path
    subfolder: Path = Path()


def plan_jobs(
    inputs: Sequence[str], out: Path | None, *, extension: str | None, suffix: str, recursive: bool
) -> list[Job]:
    """Pairs every input file with its output.

    Args:
        inputs: files, folders and patterns. A file that does not exist is planned all the same: reading
            it reports the error in its turn.
        out: a file (if it has an extension and there is one input file), a folder, or None: beside the
            inputs.
        extension: of the results, with its dot; None keeps the input's where it can be written.
        suffix: ends the stem of results that lie beside their inputs, for example ``"-x4"``.
        recursive: whether folders are searched with their sub-folders, which are mirrored in ``out``.

    Returns:
        Jobs in the order of the inputs; no two have the same target.

    Raises:
        UsageError: if nothing matches, or an extension contradicts ``out``.
    """
    found = _collect(inputs, recursive)
    if out is None:
        found = _without_results(found, suffix)
    if not found:
        raise UsageError(f"no pictures in {', '.join(inputs)}; use --recursive to search sub-folders")
    if out is not None and _is_file_name(out) and len(found) == 1 and not Path(inputs[0]).is_dir():
        if extension is not None and extension != out.suffix.lower():
            raise UsageError(f"-o {out} and --format {extension[1:]} contradict each other; drop one of them")
        return [Job(source=found[0].file, target=out)]
    return [
        Job(source=item.file, target=target)
        for item, target in zip(found, _targets(found, out, extension, suffix), strict=True)
    ]


def _is_file_name(out: Path) -> bool:
    return bool(out.suffix) and not out.is_dir()


def _collect(inputs: Sequence[str], recursive: bool) -> list[_Input]:
    found: dict[Path, _Input] = {}
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            for file in list_pictures(path, recursive=recursive):
                found.setdefault(file, _Input(file, file.parent.relative_to(path)))
        elif not path.exists() and glob.has_magic(text):
            # Shells expand patterns themselves, except on Windows and inside quotes.
            for match in sorted(glob.glob(text, recursive=True)):  # noqa: PTH207
                found.setdefault(Path(match), _Input(Path(match)))
        else:
            found.setdefault(path, _Input(path))
    return list(found.values())


def _without_results(found: list[_Input], suffix: str) -> list[_Input]:
    """Leaves out what an earlier run over the same folder wrote beside its inputs."""
    stems = {item.file.with_suffix("") for item in found}

    def is_result(file: Path) -> bool:
        stem = file.with_suffix("")
        return stem.name.endswith(suffix) and stem.with_name(stem.name.removesuffix(suffix)) in stems

    return [item for item in found if not is_result(item.file)]


def _targets(found: list[_Input], out: Path | None, extension: str | None, suffix: str) -> list[Path]:
    def target(item: _Input, stem: str) -> Path:
        folder = item.file.parent if out is None else out / item.subfolder
        return folder / f"{stem}{suffix if out is None else ''}{extension or _kept_extension(item.file)}"

    simple = [target(item, item.file.stem) for item in found]
    meetings = Counter(map(_on_disk, simple))
    taken: set[str] = {_on_disk(path) for path in simple if meetings[_on_disk(path)] == 1}
    targets = []
    for item, path in zip(found, simple, strict=True):
        if meetings[_on_disk(path)] > 1:
            name, number = item.file.name, 2
            path = target(item, name)
            while _on_disk(path) in taken:
                path = target(item, f"{name}-{number}")
                number += 1
            taken.add(_on_disk(path))
        targets.append(path)
    return targets


def _on_disk(path: Path) -> str:
    # Many file systems hold names that differ only in case for the same.
    return str(path).lower()


def _kept_extension(file: Path) -> str:
    extension = file.suffix.lower()
    return file.suffix if extension in _KEPT else _REPLACED.get(extension, ".png")
