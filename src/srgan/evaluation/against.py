"""A report beside an earlier one: what has changed, and what has become worse."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from srgan.errors import DataError, UsageError
from srgan.evaluation.metrics import HIGHER_IS_BETTER, SECONDS, for_json
from srgan.evaluation.tables import figure_text, markdown_table

ANY = ""
"""The key of the margin for figures without their own."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A mean figure of a model in two reports.

    Attributes:
        model: its name in both.
        figure: for example ``"psnr_y"``.
        before: in the earlier report; infinite for a PSNR of identical pictures, nan where undefined.
        now: in this one.
        fell: whether it became worse by more than its margin.
    """

    model: str
    figure: str
    before: float
    now: float
    fell: bool

    @property
    def difference(self) -> float:
        """``now - before``; 0 where both are infinite."""
        return 0.0 if self.now == self.before else self.now - self.before

    def to_json(self) -> dict[str, Any]:
        """Returns the change as one entry of a report."""
        numbers = {"before": self.before, "now": self.now, "difference": self.difference}
        return {**asdict(self), **for_json(numbers)}


def compare_reports(
    report: dict[str, Any], earlier: Path, margins: Mapping[str, float]
) -> tuple[list[Change], list[str]]:
    """Compares a report with an earlier one of the same pictures.

    Args:
        report: as :func:`~srgan.evaluation.evaluate.evaluate` returns it.
        earlier: a file that ``srgan evaluate --json`` printed.
        margins: by how much a figure may become worse, by its name; that of :data:`ANY` (else 0) is for all
            others but the seconds, which depend on what else the machine does and fall only by a margin of
            their own.

    Returns:
        The changes, and "model: figure" of everything that only the earlier report has.

    Raises:
        DataError: if the file is not such a report.
        UsageError: if it is of other pictures, has no figure in common, or a margin names no figure.
    """
    before = read_report(earlier)
    for key in ("dataset", "scale", "low_res"):
        if before[key] != report[key]:
            raise UsageError(f"{earlier}: {key} was '{before[key]}', now '{report[key]}'; measure the same")
    for name in before["tools"].keys() & report["tools"].keys():
        if before["tools"][name] != report["tools"][name]:
            raise UsageError(f"{earlier}: {name} was measured with another file; use the same one")
    if _pictures(before) != _pictures(report):
        raise UsageError(f"{earlier}: was measured on other pictures; measure the same ones")
    now_means = {result["model"]: result["mean"] for result in report["results"]}
    changes, missing = [], []
    for result in before["results"]:
        for figure, value in result["mean"].items():
            if figure in now_means.get(result["model"], {}):
                now = now_means[result["model"]][figure]
                changes.append(_change(result["model"], figure, value, now, margins))
            else:
                missing.append(f"{result['model']}: {figure}")
    if not changes:
        raise UsageError(f"{earlier}: has no figure in common with this report; measure the same models")
    unknown = [name for name in margins if name not in (ANY, *(change.figure for change in changes))]
    if unknown:
        raise UsageError(f"there is no figure '{unknown[0]}' in both reports", field="margin")
    return changes, missing


def changes_table(changes: list[Change]) -> str:
    """Returns the changes in Markdown."""
    rows = []
    for change in changes:
        before, now = (_text(change.figure, value) for value in (change.before, change.now))
        difference = f"{change.difference:+.4f}" if math.isfinite(change.difference) else "-"
        rows.append([change.model, change.figure, before, now, difference, "fell" if change.fell else ""])
    return markdown_table(["model", "figure", "before", "now", "difference", ""], rows)


def _change(
    model: str, figure: str, before: float | None, now: float | None, margins: Mapping[str, float]
) -> Change:
    first, second = (_number(figure, value) for value in (before, now))
    worse = first - second if figure in HIGHER_IS_BETTER else second - first
    margin = margins.get(figure, math.inf if figure == SECONDS else margins.get(ANY, 0.0))
    # A figure that is now undefined was lost; inf - inf is nan and no loss.
    fell = worse > margin or (math.isnan(second) and not math.isnan(first))
    return Change(model=model, figure=figure, before=first, now=second, fell=fell)


def _number(figure: str, value: float | None) -> float:
    if value is None:
        return math.inf if figure.startswith("psnr") else math.nan
    return value


def _text(figure: str, value: float) -> str:
    return figure_text(figure, for_json({figure: value})[figure])


def _pictures(report: dict[str, Any]) -> list[str]:
    return [image["name"] for image in report["results"][0]["images"]]


def read_report(path: Path) -> dict[str, Any]:
    """Reads a report that ``srgan evaluate --json`` printed.

    Raises:
        DataError: if the file is not such a report.
    """
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError):
        report = None
    if not _is_report(report):
        raise DataError(f"{path}: is not a JSON report of 'srgan evaluate'; make one again")
    found: dict[str, Any] = report
    return found


def _is_report(report: Any) -> bool:
    """Returns whether it has all that is compared here."""
    try:
        means = [result["mean"] for result in report["results"] if isinstance(result["model"], str)]
        figures = [value for mean in means for value in mean.values()]
        names = [image["name"] for image in report["results"][0]["images"]]
    except (TypeError, LookupError, AttributeError):
        return False
    numbers = all(value is None or isinstance(value, (int, float)) for value in figures)
    return bool(names) and numbers and {"dataset", "scale", "low_res", "tools"} <= report.keys()
