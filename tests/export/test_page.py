"""The page for browsers, opened in one, from localhost, against what srgan makes."""

import base64
import io
import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import skimage.data
from PIL import Image
from reference_networks import RRDBNet, random_network

from srgan.errors import OutputError, SrganError, UsageError
from srgan.export import runtime
from srgan.export.page import write_page
from srgan.networks.network import load_network
from srgan.upscaling.upscaler import Upscaler

ENLARGE = """
  const ready = $("status").textContent;
  const outcome = () => $("status").className || $("status").textContent.split(/[:.]/)[0];
  await choose("notes.txt");
  await until(() => outcome() === "wrong", "nothing said");
  const said = $("status").textContent;
  const made = {};
  for (const name of NAMES) {
    await drop(name);
    await until(() => outcome() === "Done", "not done");
    const reader = new FileReader();
    const blob = await (await fetch($("download").href)).blob();
    await new Promise(done => { reader.onload = done; reader.readAsDataURL(blob); });
    made[name] = [$("download").download, reader.result.split(",")[1]];
    $("status").textContent = "";
  }
  $("split").value = 80;
  $("split").dispatchEvent(new Event("input"));
  const shown = page().getComputedStyle($("before")).clipPath;
  new MutationObserver(() => $("work").hidden || $("stop").click()).observe($("work"), { attributes: true });
  await choose(NAMES[0]);
  await until(() => outcome() === "Stopped", "not stopped");
  await new Promise(done => setTimeout(done, 500));
  return { ready, said, made, shown, stopped: outcome(), width: page().document.documentElement.scrollWidth };
"""


@pytest.fixture(scope="module")
def runtime_folder(tmp_path_factory):
    """Where ONNX Runtime Web lies, fetched once for all tests."""
    if shutil.which("npm") is None:
        pytest.skip("no npm: ONNX Runtime Web cannot be fetched")
    try:
        found = runtime._fetch()
    except SrganError as error:
        pytest.skip(f"no ONNX Runtime Web: {error}")
    folder = tmp_path_factory.mktemp("runtime")
    for name, content in found.items():
        (folder / name).write_bytes(content)
    return folder


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def enlarge(browse, folder, pictures, **options):
    """What the page says, and, as RGBA by their names, the files that it makes of pictures by theirs."""
    files = {name: png(picture) for name, picture in pictures.items()}
    script = ENLARGE.replace("NAMES", json.dumps([*files]))
    answer, reports = browse(folder, script, files | {"notes.txt": b"no picture"}, **options)
    assert "failed" not in answer, answer
    assert (answer["violations"], reports) == ([], [])
    made = {name: base64.b64decode(content) for name, content in answer["made"].values()}
    return answer, {
        name: np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)
        for name, content in made.items()
    }


def set_tile(folder, side):
    """Smaller tiles than the page would take, so that small pictures have several."""
    facts = json.loads((folder / "srgan.json").read_text())
    (folder / "srgan.json").write_text(json.dumps(facts | {"tile": side}))


def test_the_page_gives_what_srgan_does_and_asks_nobody_else(tiny_model, tmp_path, runtime_folder, browse):
    folder = tmp_path / "page"
    write_page(load_network(tiny_model), folder, precision="fp32", runtime=runtime_folder)
    set_tile(folder, 32)
    colours = np.ascontiguousarray(skimage.data.astronaut()[40:110, 150:233])
    grey = colours[:40, :50, 1]
    clear = np.dstack([colours, np.full(colours.shape[:2], 255, np.uint8)])
    clear[:20], clear[20:40, :, 3] = 0, 128
    pictures = {"colours.png": colours, "grey.png": grey, "clear.png": clear}
    answer, made = enlarge(browse, folder, pictures)

    assert "WebAssembly, 1 thread" in answer["ready"]
    assert "notes.txt" in answer["said"]
    assert answer["stopped"] == "Stopped"
    assert answer["width"] <= 800
    assert "20%" in answer["shown"]
    assert set(made) == {"colours-x4.png", "grey-x4.png", "clear-x4.png"}
    upscaler = Upscaler(tiny_model, precision="fp32")
    for name, picture in (("colours", colours), ("grey", grey)):
        expected = upscaler.upscale(np.dstack([picture] * 3) if picture.ndim == 2 else picture)
        assert expected.std() > 5
        assert np.abs(made[f"{name}-x4.png"][..., :3] - expected).max() <= 2
        assert made[f"{name}-x4.png"][..., 3].min() == 255
    expected, result = upscaler.upscale(clear).astype(int), made["clear-x4.png"]
    assert set(np.unique(expected[..., 3])) >= {0, 128, 255}
    assert np.abs(result[..., 3] - expected[..., 3]).max() <= 2
    opaque = expected[..., 3] == 255
    assert np.abs(result - expected)[opaque].max() <= 2


def test_threads_and_networks_that_take_even_sides_only(tmp_path, runtime_folder, browse):
    model = tmp_path / "net.safetensors"
    network = random_network(RRDBNet(blocks=1, unshuffle=2), "conv_last")
    safetensors.torch.save_file(network.state_dict(), model)
    folder = tmp_path / "page"
    write_page(load_network(model), folder, precision="fp16", runtime=runtime_folder)
    set_tile(folder, 17)
    picture = np.ascontiguousarray(skimage.data.astronaut()[40:65, 150:183])
    answer, made = enlarge(browse, folder, {"odd.png": picture}, isolated=True)
    assert "threads" in answer["ready"]
    expected = Upscaler(model, precision="fp32", tile=16).upscale(picture)
    assert (expected.shape, np.ptp(expected) > 20) == ((50, 66, 3), True)
    assert np.abs(made["odd-x2.png"][..., :3] - expected).max() <= 2


def test_other_peoples_folders_are_left_alone(tiny_model, tmp_path):
    network = load_network(tiny_model)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        write_page(network, tmp_path, precision="fp32")
    assert (tmp_path / "index.html").read_text() == "mine"
    with pytest.raises(OutputError, match="is a file"):
        write_page(network, tmp_path / "index.html", precision="fp32")


def test_without_the_runtime_nothing_is_written(tiny_model, tmp_path, monkeypatch):
    network, folder = load_network(tiny_model), tmp_path / "page"
    with pytest.raises(UsageError, match="does not hold"):
        write_page(network, folder, precision="fp32", runtime=tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SrganError, match="npm is not installed"):
        write_page(network, folder, precision="fp32")
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(npm))
    with pytest.raises(SrganError, match="npm failed"):
        write_page(network, folder, precision="fp32")
    assert not folder.exists()


def test_another_version_of_the_runtime_is_refused(tmp_path, runtime_folder):
    other = tmp_path / "other"
    shutil.copytree(runtime_folder, other / "dist")
    assert set(runtime.runtime_files(other)) == {path.name for path in runtime_folder.iterdir()}
    with (other / "dist" / "ort.wasm.min.mjs").open("ab") as file:
        file.write(b" ")
    with pytest.raises(UsageError, match="does not hold"):
        runtime.runtime_files(other)


def test_webgpu(tiny_model, tmp_path, runtime_folder, browse):
    folder = tmp_path / "page"
    write_page(load_network(tiny_model), folder, precision="fp32", runtime=runtime_folder)
    picture = np.ascontiguousarray(skimage.data.astronaut()[40:64, 150:174])
    software = ("--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader")
    answer, made = enlarge(browse, folder, {"small.png": picture}, options=software)
    if "WebGPU" not in answer["ready"]:
        pytest.skip("this Chromium has no WebGPU in software")
    expected = Upscaler(tiny_model, precision="fp32").upscale(picture)
    assert np.abs(made["small-x4.png"][..., :3] - expected).max() <= 2
