"""``srgan export``, as it is typed."""

import json
import sys

import numpy as np
import onnxruntime
import pytest

from srgan.export import page
from srgan.upscaling.upscaler import Upscaler


def test_a_network_becomes_an_onnx_file(srgan, tiny_model, here, photo):
    done = srgan("export", tiny_model, "tiny.onnx", "--picture-io", "--json")
    assert (done.code, done.err) == (0, "")
    facts = json.loads(done.out)
    assert (facts["path"], facts["precision"], facts["scale"]) == ("tiny.onnx", "fp32", 4)
    assert facts["largest_difference"] <= 1
    session = onnxruntime.InferenceSession(here / "tiny.onnx")
    halo = int(session.get_modelmeta().custom_metadata_map["halo"])
    framed = np.pad(photo, ((halo, halo), (halo, halo), (0, 0)), "symmetric")
    result = session.run(None, {"picture": framed[None]})[0][0, 4 * halo : -4 * halo, 4 * halo : -4 * halo]
    expected = Upscaler(tiny_model, precision="fp32").upscale(photo)
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_a_network_becomes_openvinos_files(srgan, tiny_model, here):
    done = srgan("export", tiny_model, "tiny.xml", "--precision", "fp16")
    assert (done.code, done.out) == (0, "")
    assert "fp16" in done.err
    assert sorted(path.name for path in here.iterdir()) == ["tiny.bin", "tiny.xml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["MODEL", "out.gif"], "out.gif"),
        (["MODEL", "out"], "out"),
        (["MODEL", "folder.onnx"], "is a folder"),
        (["MODEL", "nowhere/out.onnx"], "its folder does not exist"),
        (["MODEL"], "--web"),
        (["MODEL", "out.onnx", "--web", "page"], "--web"),
        (["MODEL", "out.onnx", "--runtime", "folder.onnx"], "--runtime"),
        (["MODEL", "--web", "page", "--picture-io"], "--picture-io"),
        (["MODEL", "--web", "page", "--runtime", "folder.onnx"], "--runtime"),
        (["MODEL", "out.onnx", "--detail", "0.5"], "no fidelity sibling"),
        (["MODEL", "out.onnx", "--precision", "bf16"], "--precision"),
        (["notes.txt", "out.onnx"], "notes.txt"),
        (["folder.onnx", "out.onnx"], "folder.onnx"),
        (["nothing.pth", "out.onnx"], "nothing.pth"),
    ],
)
def test_bad_input_is_said_in_one_line_and_leaves_nothing(srgan, tiny_model, here, arguments, said):
    (here / "folder.onnx").mkdir()
    (here / "notes.txt").write_text("no model")
    done = srgan("export", *(str(tiny_model) if each == "MODEL" else each for each in arguments))
    assert done.code in (1, 2)
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert said in done.err
    assert sorted(path.name for path in here.rglob("*")) == ["folder.onnx", "notes.txt"]


def test_without_the_extra_it_is_named(srgan, tiny_model, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = srgan("export", tiny_model, "out.onnx")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "[export]" in done.err
    assert [*here.iterdir()] == []


def test_a_page_that_cannot_be_finished_leaves_nothing(srgan, tiny_model, here, monkeypatch):
    monkeypatch.setattr(page, "runtime_files", lambda _: {"sub/of-no-folder.wasm": b""})
    (here / "empty").mkdir()
    for folder in ("page", "empty"):
        done = srgan("export", tiny_model, "--web", folder)
        assert (done.code, done.err.count("\n")) == (1, 1)
    assert [*here.rglob("*")] == [here / "empty"]
