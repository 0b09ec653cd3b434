"""What to know about a folder of pictures before training on it, as one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from srgan.datasets.copies import Copy, find_copies
from srgan.datasets.survey import PictureFacts, Survey, survey
from srgan.errors import UsageError, shown
from srgan.evaluation.tables import markdown_table
from srgan.events import OnEvent
from srgan.images import MOST_PIXELS

QUANTILES = {"min": 0.0, "p5": 0.05, "median": 0.5, "p95": 0.95, "max": 1.0}
"""The quantiles of a figure: ``p5`` is what 5 % of the pictures do not exceed."""

FIGURES = ("width", "height", "sharpness", "jpeg_quality")
"""The figures that are summarised over the pictures."""

MOST_LISTED = 20
"""Copies that the tables name; the report has all."""


def dataset_report(
    folder: Path,
    against: Path | None = None,
    *,
    max_pixels: int = MOST_PIXELS,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Returns counts and figures of a folder of pictures, its copies, and what it shares with a second one.

    Args:
        folder: searched with its sub-folders.
        against: a folder whose pictures should not be in the first, for example a test set.
        max_pixels: a picture with more counts as damaged.
        on_event: called after each picture, in "pictures read" and then in "pictures compared".

    Returns:
        ``{"folder", "version", "counts", "figures", "images", "damaged", "unlisted", "copies", "against"}``;
        ``images`` are :class:`~srgan.datasets.survey.PictureFacts`, ``copies`` and
        ``against["overlap"]`` :class:`~srgan.datasets.copies.Copy`.

    Raises:
        UsageError: if a folder is not there, or one lies in the other.
        DataError: if one holds no pictures.
        ImageError: if one cannot be listed.
    """
    if against is not None:
        _check_apart(folder, against)
    own = survey(folder, max_pixels=max_pixels, on_event=on_event)
    other = None
    if against is not None:
        other = survey(against, max_pixels=max_pixels, on_event=on_event)
    copies = find_copies(own.looks, on_event=on_event)
    overlap = find_copies(own.looks, other.looks, on_event=on_event) if other else []
    result = {
        "folder": own.folder,
        "version": version("srgan"),
        "counts": _counts(own, copies),
        "figures": {name: quantiles for name in FIGURES if (quantiles := _quantiles(own.facts, name))},
        "images": [dict(vars(facts)) for facts in own.facts],
        **_unread(own),
        "copies": [dict(vars(copy)) for copy in copies],
        "against": None,
    }
    if other is not None:
        result["against"] = {
            "folder": other.folder,
            "pictures": len(other.facts) + len(other.damaged),
            **_unread(other),
            "overlap": [dict(vars(copy)) for copy in overlap],
        }
    return result


def tables_of(report: dict[str, Any]) -> str:
    """Returns a report's counts, figures and first copies as Markdown tables."""
    tables = [markdown_table([shown(report["folder"]), "pictures"], count_rows(report))]
    if report["figures"]:
        rows = [
            [name, *(f"{value:g}" for value in quantiles.values())]
            for name, quantiles in report["figures"].items()
        ]
        tables.append(markdown_table(["figure", *QUANTILES], rows))
    if report["copies"]:
        tables.append(_copies_table("a copy of", report["copies"]))
    if report["against"] and report["against"]["overlap"]:
        header = f"is in {shown(report['against']['folder'])} as"
        tables.append(_copies_table(header, report["against"]["overlap"]))
    return "\n\n".join(tables)


def count_rows(report: dict[str, Any]) -> list[list[str]]:
    """Returns the counts, with what they count in words."""
    counts, against = report["counts"], report["against"]
    rows = [
        ["all", counts["pictures"]],
        ["cannot be read", counts["damaged"]],
        *counts["formats"].items(),
        ["without colours", counts["grey"]],
        ["copies of others", counts["copies"]],
        ["of these, with equal pixels", counts["exact_copies"]],
    ]
    if against is not None:
        name = shown(against["folder"])
        rows.append([f"in {name} too", len(against["overlap"])])
        rows.append([f"all of {name}", against["pictures"]])
        rows.append(["of these, cannot be read", len(against["damaged"])])
    return [[name, str(count)] for name, count in rows]


def unread(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the files and folders that could not be looked at, of both folders, and why."""
    parts = [part for part in (report, report["against"]) if part is not None]
    files = [
        (f"{part['folder']}/{item['name']}", item["reason"]) for part in parts for item in part["damaged"]
    ]
    folders = [
        (f"{part['folder']}/{name}", "cannot be listed") for part in parts for name in part["unlisted"]
    ]
    return files + folders


def likeness_text(copy: Mapping[str, Any]) -> str:
    """Returns how alike a copy is, in words."""
    return "equal pixels" if copy["exact"] else f"likeness {copy['likeness']:.2f}"


def _check_apart(folder: Path, against: Path) -> None:
    first, second = folder.resolve(), against.resolve()
    if first.is_relative_to(second) or second.is_relative_to(first):
        raise UsageError(
            f"{against}: is {folder}, or one is inside the other; name a separate folder", field="against"
        )


def _counts(own: Survey, copies: Sequence[Copy]) -> dict[str, Any]:
    formats = Counter(facts.format for facts in own.facts)
    return {
        "pictures": len(own.facts) + len(own.damaged),
        "damaged": len(own.damaged),
        "grey": sum(facts.grey for facts in own.facts),
        "copies": len(copies),
        "exact_copies": sum(copy.exact for copy in copies),
        "formats": dict(sorted(formats.items())),
    }


def _quantiles(facts: Sequence[PictureFacts], name: str) -> dict[str, float]:
    values = [value for one in facts if (value := getattr(one, name)) is not None]
    if not values:
        return {}
    found = np.quantile(values, list(QUANTILES.values()))
    return {name: round(float(value), 2) for name, value in zip(QUANTILES, found, strict=True)}


def _unread(found: Survey) -> dict[str, Any]:
    return {
        "damaged": [{"name": name, "reason": reason} for name, reason in found.damaged],
        "unlisted": found.unlisted,
    }


def _copies_table(header: str, copies: Sequence[dict[str, Any]]) -> str:
    rows = [[shown(copy["name"]), shown(copy["of"]), likeness_text(copy)] for copy in copies[:MOST_LISTED]]
    table = markdown_table(["picture", header, "how"], rows)
    rest = len(copies) - len(rows)
    return f"{table}\n\n{rest} more: see the JSON or the HTML report" if rest else table
