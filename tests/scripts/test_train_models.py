"""scripts/train_models, from photographs over two runs to a model."""

import runpy
from pathlib import Path

import pytest
from fault_process import start
from PIL import Image
from skimage import data

from srgan.networks.catalogue import find_model
from srgan.networks.model_file import read_card

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_models"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script, with pictures to learn from, a fast teacher, and runs of one small step."""
    for folder in ("train/photos", "train/coco", "valid/kodak"):
        (tmp_path / folder).mkdir(parents=True)
    for number, folder in enumerate(("photos", "coco", "coco")):
        picture = data.coffee()[80 * number :][:200, :200]
        Image.fromarray(picture).save(tmp_path / "train" / folder / f"{number}.png")
    Image.fromarray(data.chelsea()[:64, :64]).save(tmp_path / "valid" / "kodak" / "a.png")
    monkeypatch.setenv("SRGAN_DATA", str(tmp_path))
    found = runpy.run_path(str(SCRIPT))
    found["train"].__globals__["TEACHER"] = find_model("fast")
    changes = ["data.batch_size=1", "loss.features=none", "loss.content_weight=0"]
    small = ["--steps", "1", *(word for change in changes for word in ("--set", change))]

    def short(_, command):
        assert command[:2] == ["-m", "srgan"]
        run = start([*map(str, command[2:]), *small], tmp_path, {}, tmp_path / "said")
        run.process.join()
        return run.process.exitcode

    found["Call"].execute = short
    return found


def test_a_program_ends_by_itself_or_is_stopped_in_time(tmp_path):
    call = runpy.run_path(str(SCRIPT))["Call"]
    assert call(runs=tmp_path, minutes=None, device="cpu").execute(["-c", "raise SystemExit(3)"]) == 3
    sleep = "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(130)"
    interrupted = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);" + sleep
    assert call(runs=tmp_path, minutes=0.02, device="cpu").execute(["-c", interrupted]) == 130


def test_a_model_continues_from_another_run_and_names_its_teachers(script, tmp_path):
    call = script["Call"](runs=tmp_path / "runs", minutes=None, device="cpu")
    assert script["train"]("photo-taught", call) == 0
    assert script["train"]("photo", call) == 0
    card = read_card(tmp_path / "runs" / "photo" / "generator.safetensors")
    assert card.training["pictures"] == 3
    assert [step["recipe"]["name"] for step in card.history[-2:]] == ["photo-fidelity", "photo-taught"]
    assert [teacher["network"] for teacher in card.taught_by] == ["fast"]
    assert card.fidelity == "photo-fidelity"
