"""What a person can follow a run by: log.csv, TensorBoard, the loss plot, sample pictures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

mpl.use("Agg")
from matplotlib import pyplot as plt


class RunLog:
    """Rows of figures of one run, in ``log.csv`` and as TensorBoard events.

    Rows after ``step``, left by a run that was stopped after its last checkpoint, are removed.

    Args:
        folder: the run's folder.
        columns: names of the figures; a row may lack some.
        step: the step the run goes on from.
    """

    def __init__(self, folder: Path, columns: Sequence[str], step: int) -> None:
        self._path = folder / "log.csv"
        self._columns = ["step", *columns]
        rows = [row for row in read_log(self._path) if int(row["step"]) <= step] if step else []
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(rows)
        temporary.replace(self._path)
        self._file = self._path.open("a", newline="")
        self._events = SummaryWriter(str(folder / "events"), purge_step=step + 1)

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """Adds a row, flushed to disk at once."""
        row = {name: f"{value:.6g}" for name, value in figures.items()}
        csv.DictWriter(self._file, self._columns).writerow({"step": step, **row})
        self._file.flush()
        for name, value in figures.items():
            self._events.add_scalar(name, value, step)

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        self._events.close()


def read_log(path: Path) -> list[dict[str, str]]:
    """The complete rows of a ``log.csv``; none if the file is absent."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        # The last row may have been cut off by a kill: a complete one has every column.
        return [row for row in csv.DictReader(file) if None not in row.values()]


def plot_log(folder: Path) -> None:
    """Draws ``loss.png`` from ``log.csv``: the training loss and the validation PSNR over the steps."""
    rows = read_log(folder / "log.csv")
    figure, axes = plt.subplots(figsize=(8, 4.5), dpi=120)
    right = axes.twinx()
    for axis, name, colour in ((axes, "pixel_loss", "tab:blue"), (right, "validation_psnr_y", "tab:orange")):
        points = [(int(row["step"]), float(row[name])) for row in rows if row[name]]
        if points:
            axis.plot(*zip(*points, strict=True), color=colour, linewidth=1)
        axis.set_ylabel(name.replace("_", " "), color=colour)
    axes.set_xlabel("step")
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    temporary = folder / ".loss.tmp.png"
    figure.savefig(temporary)
    plt.close(figure)
    temporary.replace(folder / "loss.png")


def save_samples(path: Path, rows: Sequence[Sequence[NDArray[np.uint8]]]) -> None:
    """Writes pictures of one size as a grid: a row each of low-res | bicubic | now | truth."""
    grid = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    temporary = path.with_suffix(".tmp")
    Image.fromarray(grid).save(temporary, format="PNG")
    temporary.replace(path)
