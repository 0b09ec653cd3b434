"""Names results by the rules of ``srgan upscale``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from srgan.errors import UsageError
from srgan.images.formats import format_of
from srgan.images.heic import is_transparent
from srgan.jobs.inputs import Input, find_inputs, is_image_sequence
from srgan.jobs.job import Existing, Job
from srgan.jobs.options import JobOptions
from srgan.video.image_sequence import is_pattern
from srgan.video.kinds import MOVING_PICTURES, VIDEO_CONTAINERS, are_frames, is_video, is_video_file

_Pair = tuple[Path, Path]

# What "auto" writes for an input of each extension; anything else becomes PNG.
_KEPT = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".avif", ".gif"}
_REPLACED = {".heic": ".jpg", ".heif": ".jpg", ".jfif": ".jpg"}


def plan_jobs(
    inputs: Sequence[str],
    out: str | Path | None,
    *,
    suffix: str,
    extension: str | None = None,
    recursive: bool = False,
    compare: bool = False,
    invented: str | Path | None = None,
    options: JobOptions | None = None,
    existing: Existing = "refuse",
    tell: Callable[[str], None] = lambda _: None,
) -> list[Job]:
    """Plans one job for every input file.

    Args:
        inputs, out, suffix, extension, recursive, tell: as in :func:`plan_files`.
        compare: whether panels are written too, as ``<stem of the result>-compare.png``; videos get none.
        invented: a PNG for the map of one picture, a folder for those of several; None for none.
        options, existing: those of every job.

    Returns:
        Jobs in the order of the inputs; no two have the same target.

    Raises:
        UsageError: as :func:`plan_files` does, and if maps of videos are asked for, or a map's name is taken.
    """
    files = plan_files(inputs, out, suffix=suffix, extension=extension, recursive=recursive, tell=tell)
    panels = [
        target.with_name(f"{target.stem}-compare.png") if compare and not is_video(source, target) else None
        for source, target in files
    ]
    _check_outputs([path for path in panels if path is not None], files)
    maps: Sequence[Path | None] = [None] * len(files)
    if invented is not None:
        maps = _plan_maps(files, invented)
        _check_maps([path for path in maps if path is not None], files, panels)
    return [
        Job(
            source=source,
            target=target,
            panels=panels_file,
            invented=map_file,
            options=options or JobOptions(),
            existing=existing,
        )
        for (source, target), panels_file, map_file in zip(files, panels, maps, strict=True)
    ]


def plan_files(
    inputs: Sequence[str],
    out: str | Path | None,
    *,
    suffix: str,
    extension: str | None = None,
    recursive: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[_Pair]:
    """Pairs every input file with its output.

    Args:
        inputs: files, folders and patterns. A file that does not exist and a folder that cannot be listed
            are planned all the same: reading them reports the error in its turn. A pattern with a number,
            such as ``%05d.png``, is one input: an image sequence.
        out: a file (if it has an extension and there is one input file, or one folder whose pictures are an
            image sequence), a folder, as is any name that ends in a slash, or None: beside the inputs.
        suffix: ends the stem of results beside their inputs, for example ``"-x4"``.
        extension: extension of the results, with its dot; None keeps the input's where it can be written.
        recursive: whether folders are searched with their sub-folders, which are mirrored in ``out``.
        tell: takes one line about what is left out, if anything is.

    Returns:
        (source, target) in the order of the inputs; no two have the same target. Earlier results are not
        among the inputs: those below ``out``, and without ``out`` those beside their inputs.

    Raises:
        UsageError: if an input has no name, nothing matches, ``out`` is of an unknown format, contradicts
            ``extension`` or is a file where a folder must be, or an output is one of the inputs.
    """
    if "" in inputs:
        raise UsageError(
            "an input has an empty name; check the variable that it may come from", field="inputs"
        )
    place = None if out is None else Path(out)
    is_named = out is not None and not names_folder(out)
    is_sequence = place is not None and is_named and is_image_sequence(inputs, place)
    if is_sequence:
        found = [Input(Path(inputs[0]))]
    else:
        found = find_inputs(inputs, place, recursive=recursive, tell=tell)
    if not found:
        places = ", ".join(inputs)
        if recursive:
            raise UsageError(f"no pictures in {places}, nor in the folders below")
        raise UsageError(f"no pictures in {places}; search the folders below too", field="recursive")
    is_file = place is not None and place.suffix and len(found) == 1 and not Path(inputs[0]).is_dir()
    if place is not None and is_named and (is_sequence or is_file):
        _check_format(found[0].file, place, extension)
        targets = [place]
    else:
        if place is not None and place.exists() and not place.is_dir():
            raise UsageError(f"{place}: is a file; name a folder for the results", field="out")
        targets = plan_targets(found, place, extension, suffix)
    files = [(item.file, target) for item, target in zip(found, targets, strict=True)]
    _check_outputs(targets, files)
    return files


def names_folder(name: str | Path) -> bool:
    """Returns whether a name means a folder: it ends in a slash, or the folder exists."""
    return str(name).endswith(("/", os.sep)) or Path(name).is_dir()


def _check_outputs(outputs: Sequence[Path], files: Sequence[_Pair]) -> None:
    sources = {source.resolve() for source, _ in files}
    for output in outputs:
        if output.resolve() in sources:
            raise UsageError(f"{output}: is an input itself; choose another output", field="out")


def _plan_maps(files: Sequence[_Pair], name: str | Path) -> list[Path]:
    """Returns the file of each map: the name itself for one picture, else a file below it."""
    where, is_named = Path(name), len(files) == 1 and not names_folder(name)
    moving = next((source for source, target in files if is_video(source, target)), None)
    if moving is not None:
        raise UsageError(f"maps are made for pictures only; leave out {moving}", field="invented")
    if is_named and where.suffix.lower() == ".png":
        return [where]
    if where.exists() and not where.is_dir():
        raise UsageError(f"{where}: is a file; name a folder for several maps", field="invented")
    if is_named and where.suffix:
        raise UsageError(f"{where}: maps are PNG files; end the name in .png", field="invented")
    common = Path(os.path.commonpath([target.parent for _, target in files]))
    return [where / target.relative_to(common).with_name(f"{target.name}.png") for _, target in files]


def _check_maps(maps: Sequence[Path], files: Sequence[_Pair], panels: Sequence[Path | None]) -> None:
    taken = {path.resolve() for path in (*chain(*files), *panels) if path is not None}
    for path in maps:
        if path.resolve() in taken:
            raise UsageError(f"{path}: is an input or a result itself; choose another name", field="invented")


def _check_format(source: Path, out: Path, extension: str | None) -> None:
    if is_video(source, out):
        moves = source.suffix.lower() in MOVING_PICTURES or is_video_file(source)
        known = (*VIDEO_CONTAINERS, *MOVING_PICTURES)
        if not (moves or source.is_dir() or is_pattern(source)) or not (
            out.suffix.lower() in known or are_frames(source, out)
        ):
            raise UsageError(
                f"{out}: cannot hold {source}; a still picture becomes a picture, and a moving one "
                f"{', '.join(known)}, or frames with a name such as %05d.png",
                field="out",
            )
        return
    wanted = "gif" if out.suffix.lower() == ".gif" else format_of(out, None)
    if extension not in (None, f".{wanted}"):
        raise UsageError(
            f"{out} and the format {extension[1:]} contradict each other; drop one of them",
            field="file_format",
        )


def plan_targets(found: Sequence[Input], out: Path | None, extension: str | None, suffix: str) -> list[Path]:
    """Returns a different file for each input, in their order. See :func:`plan_files`."""

    def target(item: Input, stem: str) -> Path:
        folder = item.file.parent if out is None else out / item.subfolder
        return folder / f"{stem}{suffix if out is None else ''}{_extension(item.file, extension)}"

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
    # To many file systems, names that differ only in case are the same.
    return str(path).lower()


def _extension(file: Path, wanted: str | None) -> str:
    if is_video_file(file):  # the formats one can ask for are those of pictures
        return file.suffix if file.suffix.lower() in VIDEO_CONTAINERS else ".mp4"
    return wanted or _kept_extension(file)


def _kept_extension(file: Path) -> str:
    extension = file.suffix.lower()
    if extension in _KEPT:
        return file.suffix
    replaced = _REPLACED.get(extension, ".png")
    # A HEIC may be transparent, which a JPEG cannot be.
    return ".png" if extension in (".heic", ".heif") and is_transparent(file) else replaced
