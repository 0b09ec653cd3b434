"""How to follow a run: log.csv, epochs.csv, TensorBoard, the loss plot, sample pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from srgan.files import opened, write_file


class Table:
    """A CSV file of figures that grows with a run; its first column is ``step``.

    Rows after ``step``, left by a run that was stopped after its last checkpoint, are removed.

    Args:
        path: the file.
        columns: names of the figures; a row may lack some.
        step: the step the run continues from.
    """

    def __init__(self, path: Path, columns: Sequence[str], step: int) -> None:
        self._columns = ["step", *columns]
        rows = [row for row in read_table(path) if int(row["step"]) <= step] if step else []
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        write_file(path, text.getvalue())
        self._file = io.TextIOWrapper(opened(path, "ab"), newline="", encoding="utf-8")

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """Adds a row, flushed to disk at once."""
        row = {name: f"{value:.6g}" for name, value in figures.items()}
        csv.DictWriter(self._file, self._columns).writerow({"step": step, **row})
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class RunLog:
    """The figures of one run: ``log.csv`` and TensorBoard events by steps, ``epochs.csv`` by epochs.

    Args:
        folder: the run's folder.
        columns: names of the figures; a row may lack some.
        step: the step the run continues from.
    """

    def __init__(self, folder: Path, columns: Sequence[str], step: int) -> None:
        self._steps = Table(folder / "log.csv", columns, step)
        self._epochs = Table(folder / "epochs.csv", ["epoch", *columns], step)
        self._events = SummaryWriter(str(folder / "events"), purge_step=step + 1)

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """Adds a row to ``log.csv``, and its figures to the events."""
        self._steps.write(step, figures)
        for name, value in figures.items():
            self._events.add_scalar(name, value, step)

    def write_epoch(self, step: int, epoch: int, figures: Mapping[str, float]) -> None:
        """Adds a row to ``epochs.csv``."""
        self._epochs.write(step, {"epoch": epoch, **figures})

    def close(self) -> None:
        """Closes the files."""
        self._steps.close()
        self._epochs.close()
        self._events.close()


def read_table(path: Path) -> list[dict[str, str]]:
    """Reads the complete rows of a run's CSV file; none if the file is absent."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        # A kill may have cut off the last row: a complete one has every column.
        return [row for row in csv.DictReader(file) if None not in row.values()]


def last_losses(folder: Path) -> dict[str, float]:
    """Returns the losses of the last row of a run's ``log.csv``; none if it has no row."""
    rows = read_table(folder / "log.csv")
    return {
        name: float(text)
        for name, text in (rows[-1] if rows else {}).items()
        if name.endswith("_loss") and text
    }


def plot_log(folder: Path) -> None:
    """Draws ``loss.png`` from ``log.csv``: the training losses and the validation PSNR over the steps.

    Raises:
        OutputError: if it cannot be written.
    """
    rows = read_table(folder / "log.csv")
    losses = [name for name in (rows[0] if rows else []) if name.endswith("_loss")]
    # Not with pyplot, whose back end and figures are the caller's.
    figure = Figure(figsize=(8, 4.5), dpi=120)
    canvas = FigureCanvasAgg(figure)
    left = figure.subplots()
    right = left.twinx()
    lines = [_draw(left, rows, name, f"C{number}") for number, name in enumerate(losses)]
    lines.append(_draw(right, rows, "validation_psnr_y", "black"))
    left.legend(handles=[line for line in lines if line is not None], loc="upper center", ncols=3)
    left.set(xlabel="step", ylabel="loss", yscale="log")
    right.set_ylabel("validation PSNR of Y, dB")
    left.grid(alpha=0.3)
    figure.tight_layout()
    image = io.BytesIO()
    canvas.print_png(image)
    write_file(folder / "loss.png", image.getvalue())


def _draw(axis: Axes, rows: Sequence[Mapping[str, str]], name: str, colour: str) -> Line2D | None:
    # A loss of weight zero gets no line; it has no place on a logarithmic axis either.
    points = [(int(row["step"]), float(row[name])) for row in rows if row[name] and float(row[name]) > 0]
    if not points:
        return None
    (line,) = axis.plot(*zip(*points, strict=True), color=colour, linewidth=1, label=name.replace("_", " "))
    return line


def save_samples(path: Path, rows: Sequence[Sequence[NDArray[np.uint8]]]) -> None:
    """Writes pictures of one size as a PNG of a grid: each row low-res | bicubic | now | ground truth.

    Raises:
        OutputError: if it cannot be written.
    """
    image = io.BytesIO()
    Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)).save(image, "PNG")
    write_file(path, image.getvalue())
