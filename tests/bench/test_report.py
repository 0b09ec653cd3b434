import json

import numpy as np
import pytest
from PIL import Image

from srgan.bench.chart import write_chart
from srgan.bench.networks import Subject, time_network, work_of
from srgan.bench.report import tables
from srgan.cli.main import main
from srgan.errors import UsageError


def test_the_work_of_a_network_is_that_of_its_convolutions():
    """Of the 3x3 convolutions, and the 9x9 ones at both ends, of the paper's figure 4."""
    low_res = 9 * 9 * 3 * 64 + 33 * 3 * 3 * 64 * 64 + 3 * 3 * 64 * 256
    enlarged = 4 * 3 * 3 * 64 * 256 + 16 * 9 * 9 * 64 * 3
    assert work_of("srresnet") == 2 * (low_res + enlarged)


def test_every_engine_is_measured_beside_the_peak(tiny_model, tmp_path, monkeypatch, capsys):
    chart = tmp_path / "chart.png"
    options = ["--model", str(tiny_model), "--size", "40x30", "--size", "8x8", "--runs", "1"]
    monkeypatch.setattr("sys.argv", ["srgan", "bench", *options, "--chart", str(chart), "--json"])
    main()
    report = json.loads(capsys.readouterr().out)

    def rows_of(precision):
        rows = report["networks"]
        return [row for row in rows if (row["engine"], row["precision"]) == ("openvino", precision)]

    rows = rows_of("fp32")
    assert [row["size"] for row in rows] == [[8, 8], [40, 30]]
    for row in rows:
        done = work_of(tiny_model) * row["size"][0] * row["size"][1] / row["seconds"] / 1e9
        assert row["share"] == pytest.approx(done / report["peaks"]["fp32"]["convolution"])
    assert rows[0]["memory"] <= rows[1]["memory"]
    (missing,) = rows_of("fp16")
    assert missing["seconds"] is missing["share"] is None
    (line,) = [line for line in tables(report) if "openvino, fp16" in line]
    assert "not available" in line
    with Image.open(chart) as picture:
        assert picture.format == "PNG"


def test_a_wrong_option_is_an_error_and_not_a_network_that_cannot_be_run(tiny_model):
    wrong = Subject(model=str(tiny_model), engine="openvino", precision="fp32", threads=0)
    with pytest.raises(UsageError) as error:
        time_network(wrong, [(8, 8)], 1)
    assert error.value.field == "threads"


def test_bars_are_as_long_as_what_they_show(tmp_path):
    write_chart(tmp_path / "chart.png", "Speed", [("a", 2.0, "2"), ("b", 1.0, "1")])
    pixels = np.asarray(Image.open(tmp_path / "chart.png").convert("RGB"))
    is_bar = (pixels == (46, 110, 180)).all(axis=2)
    lengths = {int(row.sum()) for row in is_bar if row.any()}
    longest, shortest = max(lengths), min(lengths)
    assert shortest == pytest.approx(longest / 2, abs=1)
