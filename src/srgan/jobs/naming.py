"""Which files are read, and where each result goes: the naming rules of ``srgan upscale``."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from srgan.errors import UsageError
from srgan.images.formats import format_of
from srgan.images.read import EXTENSIONS, list_pictures
from srgan.video.image_sequence import is_pattern
from srgan.video.kinds import MOVING_PICTURES, VIDEO_CONTAINERS, VIDEO_EXTENSIONS, is_video

# What "auto" writes for an input of each extension; anything else becomes PNG.
_KEPT = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".avif", ".gif"}
_REPLACED = {".heic": ".jpg", ".heif": ".jpg", ".jfif": ".jpg"}

_LISTED = EXTENSIONS | VIDEO_EXTENSIONS

# How the stem of a result beside its input goes on, see ``suffix`` and ``Job.panels``.
_RESULT = re.compile(r"(.+)-x\d+(\.\d+)?(-compare)?")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One input, the file its result goes to, and the one for panels if there are to be any."""

    source: Path
    target: Path
    panels: Path | None = None

    @property
    def is_video(self) -> bool:
        """Whether it is enlarged frame by frame."""
        return is_video(self.source, self.target)

    @property
    def outputs(self) -> list[Path]:
        """All files that are written."""
        return [self.target] if self.panels is None else [self.target, self.panels]


@dataclass(frozen=True)
class _Input:
    """A file to be read, and its folder below the place the user named."""

    file: Path
    subfolder: Path = Path()


def plan_jobs(
    inputs: Sequence[str],
    out: Path | None,
    *,
    extension: str | None,
    suffix: str,
    recursive: bool,
    compare: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Job]:
    """Pairs every input file with its output.

    Args:
        inputs: files, folders and patterns. A file that does not exist and a folder that cannot be listed
            are planned all the same: reading them reports the error in its turn. A pattern with a number,
            such as ``%05d.png``, is one input: the frames of a film.
        out: a file (if it has an extension and there is one input file, or one folder whose pictures are the
            frames of a film), a folder, or None: beside the inputs.
        extension: of the results, with its dot; None keeps the input's where it can be written.
        suffix: ends the stem of results that lie beside their inputs, for example ``"-x4"``.
        recursive: whether folders are searched with their sub-folders, which are mirrored in ``out``.
        compare: whether panels are written too, as ``<stem of the result>-compare.png``.
        tell: takes one line about what is left out, if anything is.

    Returns:
        Jobs in the order of the inputs; no two have the same target. Earlier results are not among the
        inputs: those below ``out``, and without ``out`` those beside their inputs.

    Raises:
        UsageError: if nothing matches, ``out`` is of an unknown format, contradicts ``extension`` or is a
            file where a folder must be, or an output is one of the inputs.
    """
    is_film = _is_film(inputs, out)
    found = [_Input(Path(inputs[0]))] if is_film else _collect(inputs, recursive, out)
    if out is None:
        found = _without_results(found, tell)
    if not found:
        raise UsageError(f"no pictures in {', '.join(inputs)}; use --recursive to search sub-folders")
    if (
        out is not None
        and out.suffix
        and len(found) == 1
        and not out.is_dir()
        and (is_film or not Path(inputs[0]).is_dir())
    ):
        _check_format(found[0].file, out, extension)
        targets = [out]
    else:
        if out is not None and out.exists() and not out.is_dir():
            raise UsageError(f"-o {out}: is a file; name a folder for the results")
        targets = _targets(found, out, extension, suffix)
    jobs = [
        Job(
            source=item.file,
            target=target,
            panels=target.with_name(f"{target.stem}-compare.png")
            if compare and not is_video(item.file, target)
            else None,
        )
        for item, target in zip(found, targets, strict=True)
    ]
    sources = {job.source.resolve() for job in jobs}
    for output in (output for job in jobs for output in job.outputs):
        if output.resolve() in sources:
            raise UsageError(f"{output}: is an input itself; choose another output with -o")
    return jobs


def _is_film(inputs: Sequence[str], out: Path | None) -> bool:
    """Whether a folder's pictures are to become one film, instead of a result each."""
    return (
        out is not None
        and (out.suffix.lower() in VIDEO_CONTAINERS or is_pattern(out))
        and not out.is_dir()
        and len(inputs) == 1
        and Path(inputs[0]).is_dir()
    )


def _check_format(source: Path, out: Path, extension: str | None) -> None:
    if is_video(source, out):
        moves = source.suffix.lower() in (*VIDEO_EXTENSIONS, *MOVING_PICTURES)
        known = (*VIDEO_CONTAINERS, *MOVING_PICTURES)
        if not (moves or source.is_dir() or is_pattern(source)) or not (
            out.suffix.lower() in known or is_pattern(out)
        ):
            raise UsageError(
                f"-o {out}: cannot hold what {source} is; what moves becomes {', '.join(known)}, or frames "
                "with a name such as %05d.png"
            )
        return
    wanted = "gif" if out.suffix.lower() == ".gif" else format_of(out, None)
    if extension not in (None, f".{wanted}"):
        raise UsageError(f"-o {out} and --format {extension[1:]} contradict each other; drop one of them")


def _collect(inputs: Sequence[str], recursive: bool, out: Path | None) -> list[_Input]:
    found: dict[Path, _Input] = {}
    unreadable: list[Path] = []
    for path in (path for text in inputs for path in _expanded(text)):
        if path.is_dir():
            results = _below(path, out)
            for file in list_pictures(
                path, recursive=recursive, extensions=_LISTED, on_error=unreadable.append
            ):
                subfolder = file.parent.relative_to(path)
                if results is None or not subfolder.is_relative_to(results):
                    found.setdefault(file, _Input(file, subfolder))
        else:
            found.setdefault(path, _Input(path))
    return [*found.values(), *map(_Input, unreadable)]


def _expanded(text: str) -> list[Path]:
    """What a pattern matches: shells expand patterns themselves, except on Windows and inside quotes."""
    path = Path(text)
    if path.exists() or not glob.has_magic(text):
        return [path]
    # As in shells, a pattern without a match stands for itself, a file that is not there, and hidden files
    # are left out, which Path.glob would find.
    return [Path(match) for match in sorted(glob.glob(text, recursive=True))] or [path]  # noqa: PTH207


def _below(folder: Path, out: Path | None) -> Path | None:
    """The way from a folder down to ``out``; None if it does not lie below."""
    if out is None or out.resolve() == folder.resolve() or folder.resolve() not in out.resolve().parents:
        return None
    return out.resolve().relative_to(folder.resolve())


def _without_results(found: list[_Input], tell: Callable[[str], None]) -> list[_Input]:
    """Leaves out what an earlier run over the same folder wrote beside its inputs."""
    # With the extension too: two inputs that would meet have it in the names of their results.
    stems = {stem for item in found for stem in (item.file, item.file.with_suffix(""))}

    def is_result(file: Path) -> bool:
        match = _RESULT.fullmatch(file.stem)
        return match is not None and file.with_name(match[1]) in stems

    inputs = [item for item in found if not is_result(item.file)]
    if count := len(found) - len(inputs):
        first = next(item.file for item in found if is_result(item.file))
        names = f"{first} is" if count == 1 else f"{first} and {count - 1} more are"
        tell(f"{names} taken for earlier results and left out; give -o FOLDER to enlarge them too")
    return inputs


def _targets(found: list[_Input], out: Path | None, extension: str | None, suffix: str) -> list[Path]:
    def target(item: _Input, stem: str) -> Path:
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
    # Many file systems hold names that differ only in case for the same.
    return str(path).lower()


def _extension(file: Path, wanted: str | None) -> str:
    if file.suffix.lower() in VIDEO_EXTENSIONS:  # the formats one can ask for are those of pictures
        return file.suffix if file.suffix.lower() in VIDEO_CONTAINERS else ".mp4"
    return wanted or _kept_extension(file)


def _kept_extension(file: Path) -> str:
    extension = file.suffix.lower()
    return file.suffix if extension in _KEPT else _REPLACED.get(extension, ".png")
