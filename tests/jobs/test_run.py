"""One job: what it gives, what it says of failures, and how it is cancelled."""

import ast
import io
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import srgan.jobs
from srgan.errors import (
    ImageError,
    InUseError,
    ModelError,
    OutOfMemoryError,
    OutputError,
    UsageError,
    VideoError,
)
from srgan.jobs.job import Job
from srgan.jobs.models import Models
from srgan.jobs.naming import plan_jobs
from srgan.jobs.options import JobOptions
from srgan.jobs.result import JobError, JobResult
from srgan.jobs.run import run_job

KEYS = ["input", "output", "status", "error", "input_size", "output_size", "seconds", "frames"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, cache):  # noqa: ARG001
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(autouse=True)
def silent(capfd):
    """Nothing below the command line prints."""
    yield
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.fixture
def models():
    return Models(device="cpu", precision="fp32", tile=16)


@pytest.fixture
def job(tiny_model, here, photo):  # noqa: ARG001
    """A job on a picture, if nothing else is said."""
    Image.fromarray(photo).save("a.png")

    def make(source="a.png", target="b.png", *, model=tiny_model, panels=None, invented=None, **values):
        existing = values.pop("existing", "refuse")
        return Job(
            source=Path(source) if isinstance(source, str) else source,
            target=Path(target) if isinstance(target, str) else target,
            panels=panels,
            invented=invented,
            options=JobOptions(model=model, **values),
            existing=existing,
        )

    return make


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image)


def files():
    return sorted(path.as_posix() for path in Path().rglob("*") if path.is_file())


def after(asks):
    """Says that it is to be stopped, from the ask of that number on."""
    asked = iter(range(10**9))
    return lambda: next(asked) >= asks


def test_a_picture_becomes_a_result_that_says_all(job, models, photo, tiny_model):
    events = []
    result = run_job(job("a.png", "new/b.png", scale=2), models, events.append)
    assert (result.status, result.error, result.notes) == ("ok", None, ())
    assert (result.input_size, result.output_size, result.frames) == ((30, 24), (60, 48), 1)
    assert (result.model, result.engine, result.precision, result.device) == (
        "tiny",
        "openvino",
        "fp32",
        "cpu",
    )
    assert pixels("new/b.png").shape == (48, 60, 3)
    assert [event.unit for event in events] == ["tiles"] * len(events)
    assert (len(events) > 1, events[-1].share) == (True, 1)
    entry = result.to_json()
    assert list(entry) == KEYS
    assert json.loads(json.dumps(entry))["output_size"] == [60, 48]
    assert (entry["seconds"] > 0, entry["error"]) == (True, None)
    whole = models.open(tiny_model).upscale(photo)
    run_job(job("a.png", "whole.png"), models)
    assert np.array_equal(pixels("whole.png"), whole)


def test_pictures_may_be_open_files(job, models):
    run_job(job(), models)
    target, panels = io.BytesIO(), io.BytesIO()
    source = io.BytesIO(Path("a.png").read_bytes())
    result = run_job(job(source, target, panels=panels, file_format="png"), models)
    assert (result.status, result.output_size) == ("ok", (120, 96))
    assert np.array_equal(pixels(io.BytesIO(target.getvalue())), pixels("b.png"))
    assert pixels(io.BytesIO(panels.getvalue())).shape == (96 + 22, 3 * 120 + 2 * 4, 3)
    assert files() == ["a.png", "b.png"]


def test_the_source_is_read_once_and_each_network_runs_once(job, models, tiny_pair, monkeypatch):
    reads, runs = [], []
    for name in ("read_picture", "read_frames"):
        real = getattr(srgan.jobs.pictures, name)
        monkeypatch.setattr(
            f"srgan.jobs.pictures.{name}", lambda *a, real=real, **k: reads.append(a) or real(*a, **k)
        )
    wanted = job(model=tiny_pair, panels=Path("p.png"), invented=Path("m.png"))
    for upscaler in (models.for_job(wanted), models.sibling(wanted.options)):
        real = upscaler.engine.upscale
        monkeypatch.setattr(
            upscaler.engine,
            "upscale",
            lambda batch, context=0, real=real, name=upscaler.card.name: (
                runs.append(name) or real(batch, context)
            ),
        )
    tiles = []
    assert run_job(wanted, models, tiles.append).status == "ok"
    assert files() == ["a.png", "b.png", "m.png", "p.png"]
    assert (len(reads), runs) == (1, ["detailed"] * len(tiles) + ["tiny"] * len(tiles))


def test_noise_that_stays_is_not_shown_as_invented(job, models, tiny_pair, tiny_model):
    kept = job(model=tiny_pair, denoise=0.0, invented=Path("m.png"))
    assert run_job(kept, models).status == "ok"
    run_job(job(model=tiny_model, target=Path("same.png")), models)
    picture, area = pixels("m.png"), np.s_[:96, :, :]
    assert np.ptp(picture[area], axis=2).max() == 0  # grey all over: both keep all of the noise
    assert np.array_equal(pixels("b.png"), pixels("same.png"))


def test_folders_are_planned_and_done(models, photo, tiny_model):
    for name in ("in/a.png", "in/sub/b.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(name)
    Path("in/c.png").write_bytes(b"")
    options = JobOptions(model=tiny_model)
    jobs = plan_jobs(["in"], Path("out"), suffix="-x4", recursive=True, options=options)
    results = [run_job(job, models) for job in jobs]
    assert [result.status for result in results] == ["ok", "failed", "ok"]
    assert [path for path in files() if path.startswith("out")] == ["out/a.png", "out/sub/b.jpg"]


@pytest.mark.parametrize("existing", ["refuse", "skip", "replace"])
def test_what_is_there_already(job, models, existing):
    Path("b.png").write_bytes(b"mine")
    result = run_job(job(existing=existing), models)
    status = {"refuse": "failed", "skip": "skipped", "replace": "ok"}[existing]
    assert result.status == status
    assert (Path("b.png").read_bytes() == b"mine") == (existing != "replace")
    if existing == "refuse":
        assert (result.error.code, result.error.field) == ("usage", "existing")


def test_a_picture_that_is_cancelled_at_any_moment_leaves_nothing(job, models, tiny_pair):
    wanted = job("a.png", "new/b.png", model=tiny_pair, panels=Path("p.png"), invented=Path("m.png"))
    asks = 0
    while (result := run_job(wanted, models, cancel=after(asks))).status == "cancelled":
        assert (result.error, result.output_size) == (None, None)
        # What is finished before the cancelling stays; it is whole.
        for path in {"new/b.png", "p.png", "m.png"} & {*files()}:
            assert pixels(path).size
            Path(path).unlink()
        assert files() == ["a.png"]
        asks += 1
    assert result.status == "ok"
    tiles = []
    run_job(job("a.png", "c.png", model=tiny_pair), models, tiles.append)
    assert asks > 2 * len(tiles)  # of each network


@pytest.mark.parametrize("target", ["b.jpg", "b.tiff", "b.webp", "b.avif", "b.gif"])
def test_encoding_is_cancelled_too(job, models, target):
    """All rows are made when it is asked for, but they are not yet written."""
    made = threading.Event()

    def watch(event):
        if event.share == 1:
            made.set()

    result = run_job(job("a.png", target), models, watch, made.is_set)
    assert result.status == "cancelled"
    assert files() == ["a.png"]


@pytest.fixture
def clip(ffmpeg):
    moving = "testsrc2=s=32x24:r=25:d=3.2,noise=alls=20:allf=t"
    ffmpeg("-f", "lavfi", "-i", moving, "-c:v", "ffv1", "film.mkv")
    return "film.mkv"


@pytest.mark.parametrize("target", ["large.mkv", "out/%d.png"])
def test_a_video_that_is_cancelled_goes_on_in_the_next_call(job, models, clip, target, ffmpeg):
    wanted = job(clip, target, codec="ffv1" if target == "large.mkv" else None)
    stop = threading.Event()

    def watch(event):
        if event.done >= 70:
            stop.set()

    assert run_job(wanted, models, watch, stop.is_set).status == "cancelled"
    assert not Path("large.mkv").exists()
    # What was still on its way to the disk is done again.
    there = [0, 60] if target == "large.mkv" else [len(list(Path("out").glob("*.png")))]
    events = []
    result = run_job(job(clip, target, codec=wanted.options.codec, existing="replace"), models, events.append)
    assert (result.status, result.frames, result.output_size) == ("ok", 80, (128, 96))
    assert events[0].figures["resumed"] in there
    assert (events[0].unit, events[-1].done) == ("frames", 80)
    whole = "whole.mkv" if target == "large.mkv" else "whole/%d.png"
    assert run_job(job(clip, whole, codec=wanted.options.codec), models).status == "ok"
    if target == "large.mkv":
        digests = [ffmpeg("-i", path, "-map", "0:v", "-f", "framemd5", "-") for path in (target, whole)]
        assert digests[0] == digests[1]
    else:
        for path in Path("out").iterdir():
            assert np.array_equal(pixels(path), pixels(Path("whole") / path.name))


def test_a_long_video_gets_the_fast_model_and_a_note_says_so(job, models, ffmpeg):
    for name, seconds in (("short", 4), ("long", 7)):
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=16x16:r=1:d={seconds}", f"{name}.mp4")
    events = []
    for name, options, model in [
        ("short", {"model": None}, "photo"),
        ("long", {"model": None}, "fast"),
        ("long", {"model": "srresnet"}, "srresnet"),
        ("long", {"model": None, "detail": 1}, "photo"),
        ("long", {"model": None, "denoise": 1}, "photo"),
    ]:
        upscaler = models.for_job(job(f"{name}.mp4", "b.mp4", **options), events.append)
        assert upscaler.card.name == model
    (event,) = events
    assert "'fast'" in event.note
    result = run_job(job("long.mp4", "b.mp4", model=None), models)
    assert (result.model, result.notes) == ("fast", (event.note,))


def test_each_model_is_opened_once_by_any_number_of_threads(models, tiny_model, monkeypatch):
    opened = []
    real = srgan.upscaling.upscaler.Upscaler
    monkeypatch.setattr(
        "srgan.upscaling.upscaler.Upscaler", lambda *a, **k: opened.append(a) or real(*a, **k)
    )
    found = []
    threads = [threading.Thread(target=lambda: found.append(models.open(tiny_model))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(opened), len(found), len(set(map(id, found)))) == (1, 8, 1)
    assert models.open(str(tiny_model)) is found[0]
    assert models.open(tiny_model, consistent=True) is not found[0]


def test_failures_have_a_code_a_field_and_a_sentence(job, models, here):
    Path("text.jpg").write_text("no picture")
    Path("text.mp4").write_text("no video")
    Path("file").write_bytes(b"")
    for wanted, code, field, start in [
        (job("gone.png"), "image", None, "gone.png: "),
        (job("text.jpg"), "image", None, "text.jpg: "),
        (job("text.mp4", "b.mp4"), "video", None, "text.mp4: "),
        (job(max_pixels=700), "image", "max_pixels", "a.png: "),
        (job("a.png", "b.xyz"), "usage", "file_format", "b.xyz: "),
        (job("a.png", "file/b.png"), "output", None, "file: "),
        (job(target=io.BytesIO()), "usage", "file_format", ""),
        (job("a.png", "a.png", existing="replace"), "usage", "target", "a.png: "),
        (job(model="photoo"), "usage", "model", "unknown model 'photoo'"),
        (job(model=here / "gone.safetensors"), "model", None, "a.png: "),
        (job(invented=Path("m.png")), "usage", "model", "model 'tiny' has no fidelity sibling"),
        (job("text.mp4", "b.mp4", panels=Path("p.png")), "usage", "panels", "text.mp4: "),
    ]:
        result = run_job(wanted, models)
        assert (result.status, result.error.code, result.error.field) == ("failed", code, field), result
        assert result.error.message.startswith(start)
        assert "--" not in result.error.message
        assert "\n" not in result.error.message
        assert result.to_json()["error"] == result.error.message
    assert files() == ["a.png", "file", "text.jpg", "text.mp4"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ImageError("a.png: is odd", field="max_pixels"), "image", "a.png: is odd"),
        (VideoError("a.png: is odd"), "video", "a.png: is odd"),
        (OutputError("b.png: is full"), "output", "b.png: is full"),
        (InUseError("b: is in use"), "in_use", "b: is in use"),
        (UsageError("the width is odd"), "usage", "the width is odd"),
        (ModelError("is odd"), "model", "a.png: is odd"),
        (OutOfMemoryError("too little"), "memory", "a.png: too little"),
        (MemoryError(), "memory", "a.png: there is not enough memory"),
        (OSError(5, "Input/output error"), "failed", "a.png: Input/output error"),
        (OSError(28, "No space left on device", "b.png"), "failed", "b.png: the disk is full"),
        (RuntimeError("odd\n  thing"), "unexpected", "a.png: unexpected RuntimeError: odd thing"),
    ],
)
def test_every_error_becomes_one_line(job, models, monkeypatch, error, code, message):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr("srgan.jobs.run.upscale_watched", fail)
    found = run_job(job(), models).error
    assert isinstance(found, JobError)
    assert found.code == code
    assert found.message.startswith(message)
    assert found.field == getattr(error, "field", None)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_passes(job, models, stop):
    def interrupt(_event):
        raise stop

    with pytest.raises(stop):
        run_job(job(), models, interrupt)
    assert files() == ["a.png"]


def test_results_can_be_sent_to_other_processes(job, models):
    import pickle

    for result in (run_job(job("gone.png"), models), run_job(job(), models)):
        assert isinstance(result, JobResult)
        assert pickle.loads(pickle.dumps(result)) == result
    assert pickle.loads(pickle.dumps(job())) == job()


def test_no_sentence_of_jobs_names_an_option_of_the_command_line():
    for path in Path(srgan.jobs.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "--" not in node.value, path
            assert not (isinstance(node, ast.Name) and node.id == "print"), path
