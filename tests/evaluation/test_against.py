"""Two reports: what has changed, what fell, and which cannot be compared."""

import copy
import json

import pytest

from srgan.errors import DataError, UsageError
from srgan.evaluation.against import changes_table, compare_reports


@pytest.fixture
def report():
    mean = {"psnr_y": 30.0, "ssim_y": 0.85, "niqe": 5.0, "seconds_per_megapixel": 0.2}
    images = [{"name": "a", **mean}, {"name": "b", **mean}]
    results = [{"model": name, "images": images, "mean": dict(mean)} for name in ("bicubic", "mine")]
    return {"dataset": "Set5", "scale": 4, "low_res": "given", "tools": {"niqe": "aa"}, "results": results}


@pytest.fixture
def earlier(report, tmp_path):
    """Writes an earlier report, with some of the second model's means changed."""

    def write(**means):
        before = copy.deepcopy(report)
        before["results"][1]["mean"].update(means)
        (tmp_path / "before.json").write_text(json.dumps(before))
        return tmp_path / "before.json"

    return write


def fallen(changes):
    return [(change.model, change.figure) for change in changes if change.fell]


def test_equal_reports_have_no_difference(report, earlier):
    changes, missing = compare_reports(report, earlier(), {})
    assert [(change.model, change.figure) for change in changes] == [
        (model, figure) for model in ("bicubic", "mine") for figure in report["results"][0]["mean"]
    ]
    assert all(change.difference == 0 for change in changes)
    assert (fallen(changes), missing) == ([], [])


@pytest.mark.parametrize(
    ("before", "margins", "expected"),
    [
        ({"psnr_y": 30.1}, {}, [("mine", "psnr_y")]),
        ({"psnr_y": 30.1}, {"": 0.2}, []),
        ({"psnr_y": 30.1, "ssim_y": 0.9}, {"": 0.2, "ssim_y": 0.01}, [("mine", "ssim_y")]),
        ({"psnr_y": 29.0, "ssim_y": 0.8}, {}, []),
        ({"niqe": 4.9}, {}, [("mine", "niqe")]),
        ({"niqe": 5.1}, {}, []),
        ({"seconds_per_megapixel": 0.1}, {}, []),
        (
            {"seconds_per_megapixel": 0.1},
            {"seconds_per_megapixel": 0.05},
            [("mine", "seconds_per_megapixel")],
        ),
        ({"psnr_y": None}, {"": 100}, [("mine", "psnr_y")]),
        ({"niqe": None}, {}, []),
    ],
)
def test_what_became_worse_by_more_than_its_margin_fell(report, earlier, before, margins, expected):
    assert fallen(compare_reports(report, earlier(**before), margins)[0]) == expected


def test_a_figure_that_is_no_longer_defined_fell(report, earlier):
    path = earlier()
    report["results"][1]["mean"] = {**report["results"][1]["mean"], "niqe": None}
    assert fallen(compare_reports(report, path, {"": 9})[0]) == [("mine", "niqe")]


def test_what_only_the_earlier_report_has_is_named(report, earlier):
    path = earlier(grid_index=0.1)
    del report["results"][0]
    changes, missing = compare_reports(report, path, {})
    assert {change.model for change in changes} == {"mine"}
    assert missing == [f"bicubic: {figure}" for figure in report["results"][0]["mean"]] + ["mine: grid_index"]


def test_the_table_shows_both_and_their_difference(report, earlier):
    changes, _ = compare_reports(report, earlier(psnr_y=30.25, niqe=None), {})
    lines = changes_table(changes).splitlines()
    assert lines[0] == "| model | figure | before | now | difference |  |"
    assert "| mine | psnr_y | 30.2500 | 30.0000 | -0.2500 | fell |" in lines
    assert "| mine | niqe | - | 5.0000 | - |  |" in lines


def test_reports_of_other_pictures_are_refused(report, earlier):
    path = earlier()
    with pytest.raises(UsageError, match=r"before\.json: dataset was 'Set5', now 'BSD100'"):
        compare_reports({**report, "dataset": "BSD100"}, path, {})
    with pytest.raises(UsageError, match="low_res was 'given', now 'reduced by bicubic'"):
        compare_reports({**report, "low_res": "reduced by bicubic"}, path, {})
    with pytest.raises(UsageError, match="niqe was measured with another file"):
        compare_reports({**report, "tools": {"niqe": "bb", "fid": "cc"}}, path, {})
    for result in report["results"]:
        result["images"] = result["images"][:1]
    with pytest.raises(UsageError, match="other pictures"):
        compare_reports(report, path, {})


def test_nothing_to_compare_is_refused(report, earlier):
    path = earlier()
    for result in report["results"]:
        result["model"] += "2"
    with pytest.raises(UsageError, match="no figure in common"):
        compare_reports(report, path, {})


def test_a_margin_of_no_figure_is_refused(report, earlier):
    with pytest.raises(UsageError, match="no figure 'psnr'"):
        compare_reports(report, earlier(), {"psnr": 0.1})


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"results": []}', '{"results": [{"model": 1}]}', "[" * 100_000]
)
def test_what_is_no_report_is_refused(report, tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DataError, match=r"x\.json: is not a JSON report"):
        compare_reports(report, tmp_path / "x.json", {})
    with pytest.raises(DataError, match=r"gone\.json: cannot be read"):
        compare_reports(report, tmp_path / "gone.json", {})
