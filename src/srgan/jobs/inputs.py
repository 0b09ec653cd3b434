"""Finds the inputs behind files, folders and patterns."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from srgan.images.read import EXTENSIONS, list_pictures
from srgan.video.image_sequence import is_pattern
from srgan.video.kinds import VIDEO_CONTAINERS, is_video_file

# How the stem of a result beside its input ends, as ``naming`` names it.
_RESULT = re.compile(r"(.+)-x\d+(\.\d+)?(-compare)?")


@dataclass(frozen=True)
class Input:
    """An input file, and its folder below the place that the user named."""

    file: Path
    subfolder: Path = Path()


def find_inputs(
    inputs: Sequence[str], out: Path | None, *, recursive: bool, tell: Callable[[str], None]
) -> list[Input]:
    """Finds the input files, without results of earlier runs; see :func:`~srgan.jobs.naming.plan_jobs`."""
    found = _collect(inputs, recursive, out, tell)
    return _without_results(found, tell) if out is None else found


def is_image_sequence(inputs: Sequence[str], out: Path) -> bool:
    """Returns whether a folder's pictures become one video, or an image sequence, called ``out``."""
    is_moving = out.suffix.lower() in VIDEO_CONTAINERS or is_pattern(out)
    return is_moving and len(inputs) == 1 and Path(inputs[0]).is_dir()


def _collect(
    inputs: Sequence[str], recursive: bool, out: Path | None, tell: Callable[[str], None]
) -> list[Input]:
    found: dict[Path, Input] = {}
    unreadable: list[Path] = []
    for path in (path for text in inputs for path in _expanded(text)):
        if path.is_dir():
            results = _below(path, out)
            for file in list_pictures(
                path,
                recursive=recursive,
                extensions=None,
                on_error=unreadable.append,
                on_special=lambda file: tell(f"{file}: is a pipe, a socket or a device; left out"),
            ):
                subfolder = file.parent.relative_to(path)
                if not _is_input(file):
                    continue
                if results is None or not subfolder.is_relative_to(results):
                    found.setdefault(file, Input(file, subfolder))
        else:
            found.setdefault(path, Input(path))
    return [*found.values(), *map(Input, unreadable)]


def _is_input(file: Path) -> bool:
    """Returns whether a file in a folder is a picture or a video."""
    return file.suffix.lower() in EXTENSIONS or is_video_file(file)


def _expanded(text: str) -> list[Path]:
    """Expands a pattern; shells expand patterns themselves, except on Windows and inside quotes."""
    path = Path(text)
    if path.exists() or not glob.has_magic(text):
        return [path]
    # As in shells, a pattern without a match stands for itself, a missing file; and hidden files, which
    # Path.glob would find, are left out.
    return [Path(match) for match in sorted(glob.glob(text, recursive=True))] or [path]


def _below(folder: Path, out: Path | None) -> Path | None:
    """Returns ``out`` relative to a folder; None if it is not below."""
    if out is None or out.resolve() == folder.resolve() or folder.resolve() not in out.resolve().parents:
        return None
    return out.resolve().relative_to(folder.resolve())


def _without_results(found: list[Input], tell: Callable[[str], None]) -> list[Input]:
    """Leaves out what an earlier run over the same folder wrote beside its inputs."""
    # With the extension too: results that would have the same name contain it.
    stems = {stem for item in found for stem in (item.file, item.file.with_suffix(""))}

    def is_result(file: Path) -> bool:
        match = _RESULT.fullmatch(file.stem)
        return match is not None and file.with_name(match[1]) in stems

    inputs = [item for item in found if not is_result(item.file)]
    if count := len(found) - len(inputs):
        first = next(item.file for item in found if is_result(item.file))
        names = f"{first} is" if count == 1 else f"{first} and {count - 1} more are"
        advice = "name a folder for the results to upscale them too"
        tell(f"{names} taken for earlier results and left out; {advice}")
    return inputs
