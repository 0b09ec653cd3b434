"""The training notebook, executed as a notebook server does, with a tiny network and few steps."""

import base64
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import skimage.data
from PIL import Image
from tiny_recipes import TINY

from srgan import load_card

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "train_srgan.ipynb"

SHORT = " ".join(
    [
        *(*TINY, "discriminator.channels=4", "run.log_every=5", "run.validate_every=5"),
        *("loss.features=none", "loss.content_weight=0"),
    ]
)

# In a process of its own: Jupyter's libraries leave event loops and sockets open, which warns.
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
try:
    NotebookClient(notebook, kernel_name="python3", timeout=900).execute()
finally:
    nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture
def execute(cache, tmp_path, monkeypatch):  # noqa: ARG001
    """Executes the notebook in an empty folder; gives its exit status and its code cells by name."""
    monkeypatch.chdir(tmp_path)

    def run(**settings):
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "IPYTHONDIR": str(tmp_path / ".ipython"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / ".runtime"),
            **{f"SRGAN_NOTEBOOK_{name.upper()}": value for name, value in settings.items()},
        }
        command = [sys.executable, "-c", EXECUTE, str(NOTEBOOK), "executed.ipynb"]
        status = subprocess.run(command, env=environment, stderr=subprocess.DEVNULL).returncode
        executed = nbformat.read("executed.ipynb", as_version=4)
        return status, {cell.id: cell for cell in executed.cells if cell.cell_type == "code"}

    return run


@pytest.fixture
def photographs(tmp_path):
    """A zip of two photographs, of which seed 1 puts one aside for validation and seed 0 none."""
    path = tmp_path / "photographs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("astronaut.png", "coffee.png"):
            archive.write(Path(skimage.data.__file__).with_name(name), f"holiday/{name}")
    return path


def said(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shown(cell):
    """The pictures in a cell's output, as files."""
    pictures = [output.data["image/png"] for output in cell.outputs if output.output_type == "display_data"]
    return [base64.b64decode(picture) for picture in pictures]


def size(file):
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        return image.size


def test_the_notebook_is_stored_without_results():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) > 5
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []


def test_it_goes_from_photographs_to_models_and_pictures_with_nothing_filled_in(execute):
    status, cells = execute(steps="10", changes=SHORT)
    assert status == 0
    assert said(cells["install"]) == ""  # nothing is installed where srgan is
    assert "4 in pictures/train, 1 in pictures/validation; left out: 1 too small" in said(cells["prepare"])
    for stage, name in (("first", "srresnet"), ("second", "srgan")):
        folder = Path("runs", stage)
        assert "10/10" in said(cells[stage])  # the progress bar
        card = load_card(folder / "generator.safetensors")
        assert (card.name, card.training["steps"], card.generator.channels) == (name, 10, 8)
        samples = sorted(path.name for path in (folder / "samples").iterdir())
        assert samples == ["step-00000005.png", "step-00000010.png"]
        plot, newest = shown(cells[f"{stage}-look"])
        assert plot == (folder / "loss.png").read_bytes()
        assert newest == (folder / "samples" / samples[-1]).read_bytes()
        assert size(newest) == (4 * 192, 192)
        assert size((folder / "clear.png").read_bytes()) == (256, 256)
    assert card.training["recipe"]["stage"] == "adversarial"
    assert card.training["recipe"]["start"] == "generator.safetensors"
    panels = [Path("runs", stage, "clear-compare.png").read_bytes() for stage in ("first", "second")]
    assert shown(cells["enlarge"]) == panels
    assert [size(picture) for picture in panels] == [
        (3 * 256 + 2 * 4, 22 + 256)
    ] * 2  # gaps, and labels above
    assert "validation_psnr_y" in said(cells["card"])


@pytest.mark.parametrize(
    ("settings", "cell", "reason"),
    [
        ({"seed": "0"}, "prepare", "no photograph was set aside for validation"),
        ({"seed": "1", "changes": "generator.blokcs=1"}, "first", "generator.blocks"),
    ],
)
def test_own_photographs_are_taken_and_what_fails_ends_the_notebook(
    settings, cell, reason, execute, photographs
):
    status, cells = execute(raw=str(photographs), data="set", **settings)
    assert status != 0
    assert "2 of 2 pictures kept" in said(cells["prepare"])
    error = cells[cell].outputs[-1]
    assert error.output_type == "error"
    assert reason in said(cells[cell]) + error.evalue
    later = list(cells)[list(cells).index(cell) + 1 :]
    assert [name for name in later if cells[name].execution_count is not None] == []
    assert not Path("runs").exists()
