"""scripts/judge_blindly: sheets that hide which model is which, and a count that finds out again."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from srgan.upscaling.upscaler import Upscaler

SCRIPT = Path(__file__).parents[2] / "scripts" / "judge_blindly"
MODELS = ("fast", "fast-photo", "srresnet")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The script's functions, its key, and its folder of sheets."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "pictures").mkdir()
    for number in range(4):
        Image.fromarray(data.coffee()[40 * number :][:128, :160]).save(folder / "pictures" / f"p{number}.png")
    script = runpy.run_path(str(SCRIPT))
    with pytest.MonkeyPatch.context() as patch:
        options = [f"--model={model}" for model in MODELS]
        files = [folder / "pictures", folder / "sheets", "--key", folder / "key.json"]
        patch.setattr(
            "sys.argv", list(map(str, ["x", "sheets", *files, "--seed", "1", "--count", "3", *options]))
        )
        script["main"]()
    return script, json.loads((folder / "key.json").read_text(encoding="utf-8")), folder


def test_the_key_tells_which_letter_is_which_model(judged):
    _, key, folder = judged
    assert sorted(each["kind"] for each in key.values()) in (
        ["degraded", "degraded", "downscaled"],
        ["degraded", "downscaled", "downscaled"],
    )
    assert sorted(path.stem for path in (folder / "sheets").iterdir()) == sorted(key)
    name = next(name for name in key if key[name]["kind"] == "downscaled")
    with Image.open(folder / "sheets" / f"{name}.png") as sheet:
        pixels = np.asarray(sheet)
    picture = np.asarray(Image.open(folder / "pictures" / f"{name}.png"))
    width = (pixels.shape[1] - 3 * 4) // 4
    from srgan.images.resize import low_res_pair

    lr_image, _ = low_res_pair(picture, 4)
    for number, model in enumerate(key[name]["models"], 1):
        left = number * (width + 4)
        shown = pixels[-128:, left : left + width]
        assert np.array_equal(shown, Upscaler(model).upscale(lr_image))


def test_choices_are_counted_by_model_and_kind(judged):
    script, key, _ = judged
    best_first = ["srresnet", "fast-photo", "fast"]
    lines = [
        f"{name}: " + "".join("ABC"[each["models"].index(model)] for model in best_first)
        for name, each in key.items()
    ]
    said = list(script["preferences"](key, "\n".join(lines)))
    degraded = sum(each["kind"] == "degraded" for each in key.values())
    assert f"degraded: fast before fast-photo on 0 of {degraded}" in said
    assert f"downscaled: fast-photo before srresnet on 0 of {3 - degraded}" in said
    assert next(iter(script["preferences"](key, lines[0]))).startswith("not judged: ")


@pytest.mark.parametrize("line", ["p9: ABC", "{name}: AB", "{name}: AAB", "{name} ABC"])
def test_a_choice_that_cannot_be_read_is_refused(judged, line):
    script, key, _ = judged
    with pytest.raises(SystemExit, match="each of its letters once"):
        list(script["preferences"](key, line.format(name=next(iter(key)))))


@pytest.mark.parametrize("models", [["fast"], ["fast", "fast"]])
def test_there_must_be_something_to_choose_between(judged, monkeypatch, capsys, models):
    script, _, folder = judged
    files = [folder / "pictures", folder / "s", "--key", folder / "k.json"]
    monkeypatch.setattr(
        "sys.argv", list(map(str, ["x", "sheets", *files, *(f"--model={name}" for name in models)]))
    )
    with pytest.raises(SystemExit) as ended:
        script["main"]()
    assert ended.value.code == 2
    assert "different models" in capsys.readouterr().err
    assert not (folder / "s").exists()


def test_the_key_may_not_lie_among_the_sheets(judged, monkeypatch, capsys):
    script, _, folder = judged
    command = [
        "x",
        "sheets",
        folder / "pictures",
        folder / "s",
        "--key",
        folder / "s" / "k.json",
        "--model=fast",
    ]
    monkeypatch.setattr("sys.argv", list(map(str, command)))
    with pytest.raises(SystemExit):
        script["main"]()
    assert "another folder" in capsys.readouterr().err
