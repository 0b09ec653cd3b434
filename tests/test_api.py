"""The public names, used as the documentation shows."""

import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import srgan
from srgan import errors as errors_module
from srgan.images.resize import bicubic
from srgan.metrics.fidelity import psnr_y

ROOT = Path(__file__).parent.parent

TYPES = """
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing import Any, assert_type
from collections.abc import Iterator
from srgan import Upscaler, upscale, __version__
from pathlib import Path

def check(array: NDArray[np.uint8], image: Image.Image, upscaler: Upscaler) -> None:
    assert_type(upscaler.upscale(array), NDArray[np.uint8])
    assert_type(upscaler.upscale(image), Image.Image)
    assert_type(upscaler.upscale([[0, 1], [2, 3]]), NDArray[Any])
    assert_type(upscaler.frames([array]), Iterator[NDArray[np.uint8]])
    assert_type(upscaler.frames([image]), Iterator[Image.Image])
    assert_type(upscaler.stream(array, list), list[NDArray[Any]])
    assert_type(upscale("a.png", "b.png"), Path)
    assert_type(__version__, str)
    with upscaler as same:
        assert_type(same, Upscaler)

async def check_async(array: NDArray[np.float32], image: Image.Image, upscaler: Upscaler) -> None:
    assert_type(await upscaler.aupscale(array), NDArray[np.float32])
    assert_type(await upscaler.aupscale(image), Image.Image)
"""


def test_every_public_name_is_there_listed_and_documented():
    for name in srgan.__all__:
        assert getattr(srgan, name).__doc__, name
    assert set(srgan.__all__) <= set(dir(srgan))
    assert len(srgan.__all__) == len(set(srgan.__all__))
    assert {"Upscaler", "upscale", "list_models", "load_card", "__version__"} <= set(srgan.__all__)
    errors = [error for error in vars(errors_module).values() if isinstance(error, type)]
    assert {error.__name__ for error in errors if issubclass(error, srgan.SrganError)} <= set(srgan.__all__)
    for name in ("nothing", "NothingError"):
        with pytest.raises(AttributeError, match="no attribute"):
            getattr(srgan, name)


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert srgan.__version__ == metadata.version("srgan") == project["version"]


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, srgan; print({'numpy', 'PIL', 'openvino', 'torch'} & {*sys.modules} or 'none')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


def test_its_types_are_shipped_and_tell_what_comes_back(tmp_path):
    assert resources.files("srgan").joinpath("py.typed").is_file()
    (tmp_path / "check.py").write_text(TYPES)
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(tmp_path / "check.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_upscale_takes_file_names_and_returns_the_result(tmp_path, tiny_model, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    target = srgan.upscale(str(tmp_path / "a.png"), str(tmp_path / "b.png"), model=tiny_model)
    assert target == tmp_path / "b.png"
    with Image.open(target) as image:
        assert image.size == (120, 96)
    srgan.upscale(tmp_path / "a.png", target, model=tiny_model)


def test_upscale_takes_what_an_upscaler_and_a_file_can_be_told(tmp_path, tiny_pair, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    how = {"model": tiny_pair, "detail": 0.5, "consistent": True}
    srgan.upscale(tmp_path / "a.png", tmp_path / "b.png", **how)
    wanted = srgan.Upscaler(tiny_pair, detail=0.5, consistent=True).upscale(photo)
    with Image.open(tmp_path / "b.png") as image:
        assert np.array_equal(np.asarray(image), wanted)
    for size, wanted in [({"scale": 2}, (60, 48)), ({"width": 15}, (15, 12)), ({"height": 6}, (8, 6))]:
        srgan.upscale(tmp_path / "a.png", tmp_path / "c.jpg", model=tiny_pair, quality=30, **size)
        with Image.open(tmp_path / "c.jpg") as image:
            assert image.size == wanted


def test_the_catalogue_is_public():
    assert srgan.load_card("photo").name == "photo"
    assert "photo" in srgan.list_models()
    assert isinstance(srgan.load_card("fast"), srgan.ModelCard)


def test_what_a_network_is_and_how_work_goes_is_public(tiny_model, photo):
    upscaler, events = srgan.Upscaler(tiny_model), []
    assert isinstance(upscaler.info, srgan.NetworkInfo)
    assert upscaler.info.scale == upscaler.scale == 4
    upscaler.upscale(photo, on_event=events.append)
    assert [event.share for event in events] == [1]
    assert all(isinstance(event, srgan.Event) for event in events)
    with pytest.raises(srgan.CancelledError):
        upscaler.upscale(photo, cancel=lambda: True)


@pytest.mark.usefixtures("cache")
def test_a_film_is_upscaled(tmp_path, tiny_model, ffmpeg):
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=32x32:rate=5:duration=0.4", tmp_path / "a.mkv")
    options = srgan.VideoOptions(scale=2)
    done = srgan.upscale_video(tmp_path / "a.mkv", tmp_path / "b.mkv", srgan.Upscaler(tiny_model), options)
    assert isinstance(done, srgan.UpscaledVideo)
    assert isinstance(done, srgan.Upscaled)
    assert (done.frames, done.output_size) == (2, (64, 64))


def test_upscale_files_with_one_upscaler(tmp_path, tiny_model, photo):
    upscaler = srgan.Upscaler(tiny_model)
    Image.fromarray(photo).save(tmp_path / "a.png")
    done = srgan.upscale_file(
        tmp_path / "a.png", tmp_path / "b.jpg", upscaler, srgan.PictureOptions(width=50, quality=80)
    )
    assert (done.input_size, done.output_size) == ((30, 24), (50, 40))


def test_arrays_are_enlarged_in_memory(tiny_model, photo):
    assert srgan.Upscaler(tiny_model).upscale(photo).shape == (96, 120, 3)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("model", "margin"),
    [("srresnet", 1.5), ("fast", 1.5), ("fast-photo", 0.5), ("photo-fidelity", 0.5), ("photo", 0.1)],
)
def test_shipped_models_are_closer_to_the_true_picture_than_bicubic(model, margin):
    hr_image = np.ascontiguousarray(skimage.data.astronaut()[:160, 160:320])
    lr_image = bicubic(hr_image, 0.25)
    plain = psnr_y(bicubic(lr_image, 4), hr_image, border=4)
    assert psnr_y(srgan.Upscaler(model).upscale(lr_image), hr_image, border=4) > plain + margin


def test_everything_a_user_can_cause_is_an_srgan_error(tmp_path, tiny_model, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    (tmp_path / "folder.png").mkdir()
    causes = [
        (srgan.UsageError, {"model": "nothing"}),
        (srgan.UsageError, {"detail": 0.5}),
        (srgan.UsageError, {"detail": "x"}),
        (srgan.UsageError, {"scale": -3}),
        (srgan.UsageError, {"quality": 500}),
        (srgan.UsageError, {"target": tmp_path / "a.png"}),
        (srgan.UsageError, {"target": tmp_path / "b.xyz"}),
        (srgan.ModelError, {"model": tmp_path / "none.safetensors"}),
        (srgan.ImageError, {"source": tmp_path / "none.png"}),
        (srgan.SrganError, {"target": tmp_path / "folder.png"}),
    ]
    for kind, wrong in causes:
        how = {"source": tmp_path / "a.png", "target": tmp_path / "b.png", "model": tiny_model} | wrong
        with pytest.raises(kind) as caught:
            srgan.upscale(**how)
        assert "\n" not in str(caught.value)


def test_errors_have_codes_of_their_own_and_say_what_they_concern():
    kinds = [getattr(srgan, name) for name in srgan.__all__ if name.endswith("Error")]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert srgan.UsageError("no", field="tile").field == "tile"
    for kind in set(kinds) - {srgan.MissingExtraError}:
        assert (str(kind("why")), kind("why").field) == ("why", None)
    assert "gpu" in str(srgan.MissingExtraError("it", "gpu"))
