"""Tables that other programs read."""

import csv
import io

import pytest

from srgan.evaluation.tables import csv_of, markdown_of


@pytest.fixture
def report():
    rows = {"a": (30.123456, 2.5), "b, c": (None, None)}
    images = [{"name": name, "psnr_y": psnr, "niqe": niqe} for name, (psnr, niqe) in rows.items()]
    results = [
        {"model": "x|y.safetensors", "images": images, "mean": {"psnr_y": None, "niqe": 2.5}},
        {"model": "bicubic", "images": images, "mean": {"psnr_y": 28.0, "niqe": None}},
    ]
    return {"dataset": "Set5", "scale": 4, "results": results}


def test_markdown_has_the_means_of_each_model(report):
    assert markdown_of(report).splitlines() == [
        "| Set5 x4 | psnr_y | niqe |",
        "|---|---|---|",
        r"| x\|y.safetensors | inf | 2.5000 |",
        "| bicubic | 28.0000 | - |",
    ]


def test_csv_has_a_line_for_each_picture_of_each_model(report):
    rows = list(csv.DictReader(io.StringIO(csv_of(report))))
    assert [(row["model"], row["name"]) for row in rows] == [
        ("x|y.safetensors", "a"),
        ("x|y.safetensors", "b, c"),
        ("bicubic", "a"),
        ("bicubic", "b, c"),
    ]
    assert float(rows[0]["psnr_y"]) == 30.123456
    assert (float(rows[1]["psnr_y"]), rows[1]["niqe"]) == (float("inf"), "")
