"""A dataset's report as one self-contained HTML page: tables, the worst pictures, copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.datasets.report import QUANTILES, count_rows, likeness_text, unread
from srgan.datasets.survey import on_all_cores, read_pixels
from srgan.evaluation.embed import data_url, fill_page
from srgan.events import OnEvent

SIDE = 200
"""Most pixels a side of a thumbnail."""

MOST_PICTURES = 24
"""Pictures in a section; more would make the page too large to open quickly."""

MOST_PAIRS = 48
"""Pairs of copies in a section."""

MOST_ROWS = 5000
"""Rows of a table."""

_Key = tuple[Path, bool]  # a file, and whether its centre is shown, in its own pixels, instead of the whole


def render_page(
    report: dict[str, Any],
    folder: Path,
    against: Path | None = None,
    *,
    max_pixels: int,
    on_event: OnEvent | None = None,
) -> str:
    """Returns the page of a report. The pictures it shows are read again.

    Args:
        report: as :func:`~srgan.datasets.report.dataset_report` returns it.
        folder: the report's.
        against: the second folder, if the report has one.
        max_pixels: as for the report.
        on_event: called after each picture that it shows, in "thumbnails".
    """
    sections = [*_worst(report, folder), *_pairs(report, folder, against)]
    wanted = list(dict.fromkeys(key for section in sections for key in _keys(section)))
    thumbnails = on_all_cores(partial(_thumbnail, max_pixels=max_pixels), wanted, on_event, "thumbnails")
    sources = dict(zip(wanted, thumbnails, strict=True))
    data = {
        "folder": report["folder"],
        "version": report["version"],
        "counts": count_rows(report),
        "quantiles": list(QUANTILES),
        "figures": {name: list(values.values()) for name, values in report["figures"].items()},
        "unread": unread(report)[:MOST_ROWS],
        "sections": [_with_sources(section, sources) for section in sections],
        "images": report["images"][:MOST_ROWS],
        "total": len(report["images"]),
    }
    return fill_page(Path(__file__).with_name("page.html"), data)


def _worst(report: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Returns sections of single pictures, the worst first."""
    images = report["images"]
    compressed = [image for image in images if image["jpeg_quality"] is not None]
    kinds: tuple[tuple[str, str, list[dict[str, Any]], bool], ...] = (
        (
            "Least sharp",
            "Centres, in their own pixels.",
            sorted(images, key=lambda image: image["sharpness"] or 0),
            True,
        ),
        (
            "Smallest",
            "By the shorter side.",
            sorted(images, key=lambda image: (min(image["width"], image["height"]), image["width"])),
            False,
        ),
        (
            "Strongest JPEG compression",
            "Centres, in their own pixels.",
            sorted(compressed, key=lambda image: image["jpeg_quality"]),
            True,
        ),
        ("Without colours", "", [image for image in images if image["grey"]], False),
    )
    return [
        {
            "title": title,
            "note": " ".join(filter(None, (note, _amount(min(len(chosen), MOST_PICTURES), len(chosen))))),
            "groups": [[_panel(folder, image, centre=centre)] for image in chosen[:MOST_PICTURES]],
        }
        for title, note, chosen, centre in kinds
        if chosen
    ]


def _pairs(report: dict[str, Any], folder: Path, against: Path | None) -> list[dict[str, Any]]:
    """Returns sections of pictures that are there twice, side by side; the most doubtful last."""
    images = {image["name"]: image for image in report["images"]}
    kinds = [("Copies of others in the folder", report["copies"], folder, images)]
    if against is not None and report["against"] is not None:
        title = f"In {report['against']['folder']} too"
        kinds.append((title, report["against"]["overlap"], against, {}))
    sections = []
    for title, copies, other, known in kinds:
        chosen = sorted(copies, key=lambda copy: -copy["likeness"])
        groups = [
            [
                _panel(folder, images[copy["name"]], note=likeness_text(copy)),
                _panel(other, known.get(copy["of"], {"name": copy["of"]})),
            ]
            for copy in chosen[:MOST_PAIRS]
        ]
        if groups:
            sections.append({"title": title, "note": _amount(len(groups), len(chosen)), "groups": groups})
    return sections


def _panel(
    folder: Path, image: Mapping[str, Any], *, centre: bool = False, note: str | None = None
) -> dict[str, Any]:
    """Returns a picture with its name and its figures in words, and what its thumbnail is made of."""
    words = [] if note is None else [note]
    if "width" in image:
        words.append(f"{image['width']}x{image['height']}")
        if image["sharpness"] is not None:
            words.append(f"sharpness {image['sharpness']:g}")
        if image["jpeg_quality"] is not None:
            words.append(f"JPEG {image['jpeg_quality']}")
    return {"name": image["name"], "words": ", ".join(words), "key": (folder / image["name"], centre)}


def _keys(section: dict[str, Any]) -> Iterable[_Key]:
    return (panel["key"] for group in section["groups"] for panel in group)


def _with_sources(section: dict[str, Any], sources: Mapping[_Key, str | None]) -> dict[str, Any]:
    groups = [
        [{"name": panel["name"], "words": panel["words"], "source": sources[panel["key"]]} for panel in group]
        for group in section["groups"]
    ]
    return {**section, "groups": groups}


def _thumbnail(key: _Key, *, max_pixels: int) -> str | None:
    """Returns the picture, or its centre, as a data URL; None if it cannot be read any more."""
    file, centre = key
    try:
        pixels = read_pixels(file, max_pixels)
    except Exception:  # it was changed or removed since the report was made
        return None
    return data_url(_centre(pixels) if centre else _fitted(pixels), lossless=False)


def _centre(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = (max(0, (side - SIDE) // 2) for side in pixels.shape[:2])
    return pixels[top : top + SIDE, left : left + SIDE]


def _fitted(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE))
    return np.asarray(image)


def _amount(shown: int, count: int) -> str:
    return f"{shown} of {count}." if shown < count else ""
