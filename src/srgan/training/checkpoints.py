"""Checkpoints of a run: numbered, written whole or not at all; a run resumes from the newest readable one."""

from __future__ import annotations

import io
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from srgan.errors import RunError
from srgan.files import explained, remove_file, write_file

_PATTERN = "step-*.pt"


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], keep: int) -> Path:
    """Writes ``state``, and removes all but the ``keep`` newest checkpoints.

    Args:
        folder: the run's ``checkpoints`` folder.
        step: steps done; becomes part of the name.
        state: tensors, numbers and strings, in dictionaries and lists.
        keep: how many checkpoints remain.

    Returns:
        The file.

    Raises:
        OutputError: if it cannot be written, or an old one cannot be removed.
    """
    path = folder / f"step-{step:08d}.pt"
    # Through memory: PyTorch's own writer reports a full disk with a cryptic error.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    # After a power cut, half a checkpoint would be worse than none.
    write_file(path, buffer.getbuffer(), durable=True)
    with explained(folder):
        for old in sorted(folder.glob(_PATTERN))[:-keep]:
            remove_file(old)
    return path


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads one checkpoint; never executes code from it.

    Raises:
        RunError: if it is missing or damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state
    except FileNotFoundError:
        raise RunError(f"{path}: no such checkpoint") from None
    except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RunError(f"{path}: damaged checkpoint ({reason}); name an earlier one") from None


def discard_after(folder: Path, step: int) -> None:
    """Removes the checkpoints of a run that are later than the step it continues from.

    Raises:
        OutputError: if one cannot be removed.
    """
    with explained(folder):
        for path in folder.glob(_PATTERN):
            if int(path.stem.removeprefix("step-")) > step:
                remove_file(path)


def load_newest_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Loads the newest readable checkpoint of a run; None if it has none.

    Raises:
        RunError: if there are checkpoints and none can be read.
    """
    paths = sorted(folder.glob(_PATTERN), reverse=True)
    for path in paths:
        try:
            return load_checkpoint(path)
        except RunError as error:
            warnings.warn(f"{error}; falling back to the one before", stacklevel=2)
    if paths:
        raise RunError(
            f"{folder}: none of the {len(paths)} checkpoints can be read; start anew with 'never'",
            field="resume",
        )
    return None
