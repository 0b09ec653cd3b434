"""Generators that Keras saved give here what they gave there."""

import base64
import io
import json
import marshal
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from srgan.engines.choice import open_engine
from srgan.errors import MissingExtraError, ModelError, OutputError
from srgan.export.keras_import import import_keras
from srgan.networks.network import load_network
from srgan.upscaling.upscaler import Upscaler

h5py = pytest.importorskip("h5py")
pytestmark = pytest.mark.usefixtures("cache")

FILES = Path(__file__).with_name("keras_files.zip")
with zipfile.ZipFile(FILES) as archive:
    NAMES = [name for name in archive.namelist() if not name.endswith(".npz")]


@pytest.fixture
def saved(tmp_path):
    """Writes a file that Keras saved, and gives it with a picture and Keras's own result."""

    def write(name):
        with zipfile.ZipFile(FILES) as archive:
            (tmp_path / name).write_bytes(archive.read(name))
            known = np.load(io.BytesIO(archive.read(f"{name}.npz")))
        return tmp_path / name, known

    return write


@pytest.mark.parametrize("name", NAMES)
def test_results_are_those_of_keras(saved, tmp_path, name):
    path, known = saved(name)
    done = import_keras(path, tmp_path / "net.safetensors")
    # What a function does at the start of a network is left out: the range is that of what it gives.
    takes = "0..1" if "shuffle" in name else str(known["takes"])
    assert (done.scale, done.takes) == (known["scale"], takes)
    network = load_network(tmp_path / "net.safetensors")
    expected = known["result"].clip(0, 1)
    assert expected.std() > 0.05
    for engine in ("openvino", "torch"):
        ready = open_engine(network, engine=engine, precision="fp32", device="cpu")
        assert np.abs(ready.upscale(known["picture"].astype(np.float32)) - expected).max() <= 1e-4
    as_bytes = np.rint(255 * known["picture"]).astype(np.uint8)
    exact = 255 * ready.upscale(as_bytes / np.float32(255))
    for precision, most in (("fp32", 0.51), ("auto", 3)):
        result = open_engine(network, engine="openvino", precision=precision).upscale(as_bytes)
        assert np.abs(result - exact).max() <= most


def test_what_was_imported_is_a_model_like_others(saved, tmp_path, photo):
    import_keras(saved(NAMES[0])[0], tmp_path / "mine.safetensors")
    upscaler = Upscaler(tmp_path / "mine.safetensors", engine="openvino", precision="fp32")
    assert upscaler.card.name == "mine"
    assert upscaler.upscale(photo).shape == (48, 60, 3)
    tiled = Upscaler(tmp_path / "mine.safetensors", engine="openvino", precision="fp32", tile=16)
    assert np.abs(tiled.upscale(photo).astype(int) - upscaler.upscale(photo)).max() <= 1


def test_a_range_that_is_said_is_taken(saved, tmp_path):
    done = import_keras(saved(NAMES[0])[0], tmp_path / "net.safetensors", takes="0..255")
    assert (done.takes, done.gives) == ("0..255", "-1..1")
    assert done.colour_error > 10


def changed(path, change):
    """Changes the list of layers in an .h5 file."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config)


def layer_of(layers, kind):
    return next(layer for layer in layers if layer["class_name"] == kind)


def hostile_lambda(layers, mark):
    """A function that would leave a mark, were it ever run."""
    code = compile(f"open({str(mark)!r}, 'w')", "x", "exec")
    text = base64.b64encode(marshal.dumps(code)).decode()
    layer = layer_of(layers, "LeakyReLU")
    layer.update(class_name="Lambda", config={"name": "evil", "function": [text, None, None]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layers: layer_of(layers, "UpSampling2D").update(class_name="Attention"), "'Attention'"),
        (lambda layers: layer_of(layers, "UpSampling2D").update(class_name="Functional"), "within a network"),
        (lambda layers: layer_of(layers, "UpSampling2D")["config"].update(size=[2, 3]), "upscales"),
        (lambda layers: layer_of(layers, "UpSampling2D")["config"].update(size=[2**70] * 2), "high and wide"),
        (lambda layers: layer_of(layers, "Activation")["config"].update(activation="gelu"), "'gelu'"),
        (lambda layers: layer_of(layers, "Conv2D")["config"].update(strides=[2, 2]), "a stride"),
        (lambda layers: layer_of(layers, "Conv2D")["config"].update(padding="valid"), "output size"),
        (lambda layers: layer_of(layers, "Conv2D").update(config=[3]), "not as Keras"),
        (lambda layers: layer_of(layers, "Conv2D")["config"].update(strides={}), "not as Keras"),
        (lambda layers: layer_of(layers, "Add").update(inbound_nodes=[["nowhere", 0, 0]]), "before it"),
        (lambda layers: layers.reverse(), "before it"),
        (lambda layers: layers.clear(), "results"),
    ],
)
def test_what_cannot_be_imported_is_one_line(saved, tmp_path, change, words):
    path, _ = saved("upsampling.h5")
    changed(path, change)
    assert words in refused(path, tmp_path)


def test_functions_in_files_are_never_run(saved, tmp_path):
    path, _ = saved("upsampling.h5")
    mark = tmp_path / "executed"
    changed(path, lambda layers: hostile_lambda(layers, mark))
    assert "custom function" in refused(path, tmp_path)
    assert not mark.exists()


def test_hostile_weights_are_one_line(saved, tmp_path):
    path, _ = saved("upsampling.h5")
    kernel = "model_weights/conv2d/conv2d/kernel"
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as other:
        other["kernel"] = np.ones((5, 5, 3, 4), np.float32)

    def put(make):
        shutil.copy(path, tmp_path / "bad.h5")
        with h5py.File(tmp_path / "bad.h5", "r+") as file:
            group, name = file[kernel].parent, file[kernel].name.rpartition("/")[2]
            del group[name]
            make(group, name)
        return refused(tmp_path / "bad.h5", tmp_path)

    def outside(group, name):
        group[name] = h5py.ExternalLink(str(secret), "kernel")

    def raw(group, name):
        group.create_dataset(name, (5, 5, 3, 4), "f4", external=str(secret))

    def virtual(group, name):
        layout = h5py.VirtualLayout((5, 5, 3, 4), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "kernel", (5, 5, 3, 4))
        group.create_virtual_dataset(name, layout)

    assert "in the file itself" in put(outside)
    assert "in the file itself" in put(raw)
    assert "in the file itself" in put(virtual)
    assert "larger than the file" in put(lambda group, name: group.create_dataset(name, (10**6, 10**6), "f4"))
    assert "larger than the file" in put(
        lambda group, name: group.create_dataset(name, (4096, 4096), "f4", chunks=True, compression="gzip")
    )
    assert "finite" in put(lambda group, name: group.create_dataset(name, data=np.full((5, 5, 3, 4), np.nan)))
    assert "convolution" in put(lambda group, name: group.create_dataset(name, data=np.ones((5, 5, 9, 4))))
    assert "in the file itself" in put(lambda *_: None)


def test_damaged_files_are_one_line(saved, tmp_path):
    for name in ("upsampling.h5", "shuffle.keras"):
        path, _ = saved(name)
        raw = path.read_bytes()
        for length in (0, 3, 100, len(raw) // 2, len(raw) - 100):
            path.write_bytes(raw[:length])
            refused(path, tmp_path)
    path.write_text("a letter")
    refused(path, tmp_path)
    refused(tmp_path / "gone.h5", tmp_path)


def test_a_crash_of_hdf5s_library_is_one_line(saved, tmp_path, monkeypatch):
    path, _ = saved("upsampling.h5")
    crashed = subprocess.CompletedProcess([], -11, b"", b"Segmentation fault")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: crashed)
    assert "damaged" in refused(path, tmp_path)


def test_weights_alone_are_refused_with_advice(saved, tmp_path):
    path, _ = saved("upsampling.h5")
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    assert "save the whole model" in refused(path, tmp_path)


def test_a_compressed_archive_is_refused(saved, tmp_path):
    path, _ = saved("shuffle.keras")
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(tmp_path / "b.keras", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert "compressed" in refused(tmp_path / "b.keras", tmp_path)


def test_without_h5py_the_extra_is_named(saved, tmp_path, monkeypatch):
    path, _ = saved("upsampling.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"\[keras\]"):
        import_keras(path, tmp_path / "net.safetensors")


def test_nothing_is_written_where_it_cannot_be(saved, tmp_path):
    path, _ = saved("upsampling.h5")
    with pytest.raises(OutputError):
        import_keras(path, tmp_path / "nowhere" / "net.safetensors")


def refused(path, folder):
    target = folder / "refused.safetensors"
    with pytest.raises(ModelError) as caught:
        import_keras(path, target)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert not target.exists()
    return message
