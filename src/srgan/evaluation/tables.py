"""A report as tables: Markdown of the means, CSV of every picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table in Markdown, without a line break at its end; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    text = [f"| {' | '.join(line)} |" for line in cells]
    text[1] = "|---" * len(header) + "|"
    return "\n".join(text)


def markdown_of(report: dict[str, Any]) -> str:
    """Returns the means of each model, in Markdown."""
    columns = list(report["results"][0]["mean"])
    rows = [
        [result["model"], *(figure_text(name, result["mean"][name]) for name in columns)]
        for result in report["results"]
    ]
    return markdown_table([f"{report['dataset']} x{report['scale']}", *columns], rows)


def csv_of(report: dict[str, Any]) -> str:
    """Returns CSV, with a line for each picture of each model; cells of missing figures are empty."""
    columns = [name for name in report["results"][0]["images"][0] if name != "name"]
    text = io.StringIO()
    writer = csv.DictWriter(text, ["model", "name", *columns], lineterminator="\n")
    writer.writeheader()
    for result in report["results"]:
        for image in result["images"]:
            infinite = {name: "inf" for name in columns if image[name] is None and _is_psnr(name)}
            writer.writerow({"model": result["model"], **image, **infinite})
    return text.getvalue()


def figure_text(name: str, value: float | None) -> str:
    """Formats a figure; a report has None for an infinite PSNR and for undefined values."""
    if value is None:
        return "inf" if _is_psnr(name) else "-"
    return f"{value:.4f}"


def _is_psnr(name: str) -> bool:
    return name.startswith("psnr")
