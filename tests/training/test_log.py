"""What a person follows a run by."""

import subprocess
import sys

import numpy as np
from PIL import Image

from srgan.training.log import Table, plot_log, read_table, save_samples

CALLER = """
import pathlib, sys
import matplotlib
matplotlib.use("svg")
from srgan.training.log import Table, plot_log
folder = pathlib.Path(sys.argv[1])
table = Table(folder / "log.csv", ["pixel_loss", "validation_psnr_y"], 0)
table.write(1, {"pixel_loss": 0.5, "validation_psnr_y": 20.0})
table.close()
plot_log(folder)
assert matplotlib.get_backend() == "svg", matplotlib.get_backend()
from matplotlib import pyplot
assert pyplot.get_fignums() == []
"""


def test_the_plot_is_drawn_beside_what_the_caller_draws(tmp_path):
    subprocess.run([sys.executable, "-c", CALLER, str(tmp_path)], check=True)
    with Image.open(tmp_path / "loss.png") as image:
        image.load()
        assert image.size == (960, 540)


def test_a_table_goes_on_where_its_run_does(tmp_path):
    path = tmp_path / "log.csv"
    table = Table(path, ["loss"], 0)
    for step in (1, 2, 3):
        table.write(step, {"loss": step / 8})
    table.close()
    path.write_bytes(path.read_bytes() + b"4,")  # cut off
    table = Table(path, ["loss", "new"], 2)
    table.write(3, {"loss": 0.5, "new": 1})
    table.close()
    assert [list(row.values()) for row in read_table(path)] == [
        ["1", "0.125", ""],
        ["2", "0.25", ""],
        ["3", "0.5", "1"],
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.csv"]


def test_a_plot_of_nothing(tmp_path):
    plot_log(tmp_path)
    assert (tmp_path / "loss.png").exists()


def test_samples_are_a_grid(tmp_path):
    panels = np.arange(8, dtype=np.uint8).reshape(2, 4, 1, 1, 1).repeat(3, axis=4)
    save_samples(tmp_path / "a.png", [list(row) for row in panels])
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[..., 0], np.arange(8).reshape(2, 4))
