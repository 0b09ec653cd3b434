"""What damaged files have shown once, each as small as it can be."""

import io
import json
import pickle
import signal
import struct
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import onnx
import pytest
from onnx_networks import write_onnx
from PIL import Image

from srgan.engines.loading import load_any_network
from srgan.errors import DataError, ImageError, ModelError, SrganError, UsageError
from srgan.images.read import read_picture
from srgan.networks.keras.file import read_keras
from srgan.networks.model_file import read_model
from srgan.networks.weights import read_tensors
from srgan.recognition.objects import _read_annotations
from srgan.recognition.pairs import read_pairs
from srgan.training.recipe_file import load_recipe


@contextmanager
def little_memory(more=2**30):
    """What is asked for beyond a gigabyte is refused by the system."""
    resource = pytest.importorskip("resource")
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs Linux to be told the memory that is taken")
    lines = [line.split() for line in status.read_text().splitlines()]
    taken = next(int(words[1]) for words in lines if words[0] == "VmSize:")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken * 1024 + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_an_error_is_one_line_whatever_is_in_a_name():
    message = str(SrganError("a\nb\x1b[31m\udcff\u2028: é 写真　１.png"))
    assert message == "a\\nb\\x1b[31m\\udcff\\u2028: é 写真　１.png"


def test_a_png_chunk_takes_no_more_memory_than_there_is_file():
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "png")
    content = buffer.getvalue()
    with little_memory(), pytest.raises(ImageError, match="damaged"):
        read_picture(io.BytesIO(content[:8] + struct.pack(">I", 2**32 - 1) + content[12:]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("place", [33, -12])
def test_a_png_says_nothing_on_stderr_of_a_part_in_a_wrong_place(place):
    buffer = io.BytesIO()
    image = Image.new("L", (8, 8))
    image.save(buffer, "png", save_all=True, append_images=[Image.new("L", (8, 8), 9)])
    content = buffer.getvalue()
    part = content[33:53]
    assert part[4:8] == b"acTL"
    picture = read_picture(io.BytesIO(content[:place] + part + content[place:]))
    assert picture.size == (8, 8)
    assert any("acTL" in note for note in picture.notes)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "I;16"])
def test_a_tiff_of_one_pixel_is_a_picture(mode):
    buffer = io.BytesIO()
    Image.new(mode, (1, 1)).save(buffer, "tiff")
    assert read_picture(buffer).size == (1, 1)


def test_a_pickle_takes_no_more_memory_than_there_is_file(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"\x80\x02}r" + struct.pack("<I", 2**28) + b".")  # puts its dictionary at that place
    with little_memory(), pytest.raises(ModelError, match="PyTorch"):
        read_tensors(path)


def test_dictionaries_that_hold_each_other_twice_are_looked_at_once(tmp_path):
    nested = {}
    for _ in range(64):
        nested = {"a": nested, "b": nested}
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, nested, [])
    (tmp_path / "a.pth").write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
    with pytest.raises(ModelError, match="no network"):
        read_tensors(tmp_path / "a.pth")


def test_a_damaged_model_is_told_without_words_of_a_library(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{}")
    for read in (read_model, read_tensors):
        with pytest.raises(ModelError, match="get the file again") as caught:
            read(tmp_path / "a.safetensors")
        assert "rror" not in str(caught.value).removeprefix(str(tmp_path))


@pytest.mark.parametrize("name", ["a" * 300, "a" * 200_000, "a\0b", "a\x1b[2Jb"])
@pytest.mark.parametrize(
    "form", ["first,second,same\n{0},b.jpg,1\nb.jpg,b.jpg,0\n", "10 1\n{0} 1 2\n{0} 1 b 1\n"]
)
def test_names_that_no_picture_can_have_are_one_line(tmp_path, name, form):
    (tmp_path / "pairs").write_text(form.format(name))
    with pytest.raises(DataError) as caught:
        read_pairs(tmp_path / "pairs", tmp_path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "a = " + "[" * 100_000, "a = " + "9" * 5000, "[optimiser]\nlearning_rate = " + "9" * 400]
    + [f"[optimiser]\nlearning_rate = {value}" for value in ("nan", "inf")],
)
def test_recipes_with_numbers_and_lists_beyond_all_bounds_are_refused(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(UsageError):
        load_recipe(str(tmp_path / "a.toml"))


IMAGE = {"id": 1, "file_name": "a.png"}
ENTRY = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"images": [{"id": [], "file_name": "a"}]},
        {"images": [{"id": 1, "file_name": 2}]},
        {"annotations": [{**ENTRY, "bbox": [1, 2, 3]}]},
        {"annotations": [{**ENTRY, "bbox": [1, 2, 3, float("nan")]}]},
        {"annotations": [{**ENTRY, "category_id": 10**400}]},
        {"annotations": [{**ENTRY, "area": None}]},
        {"annotations": [{**ENTRY, "iscrowd": -1}]},
        {"annotations": [{**ENTRY, "image_id": {}}]},
        {"categories": [{"id": "1"}]},
        {"annotations": 3},
    ],
)
def test_annotations_with_values_of_other_kinds_are_refused(tmp_path, wrong):
    whole = {"images": [IMAGE], "annotations": [ENTRY], "categories": [{"id": 1}]}
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(whole))
    assert _read_annotations(path) == whole
    path.write_text(json.dumps({**whole, **wrong}))
    with pytest.raises(DataError, match="COCO"):
        _read_annotations(path)


def test_annotations_that_are_nested_without_end_are_refused(tmp_path):
    (tmp_path / "coco.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="COCO"):
        _read_annotations(tmp_path / "coco.json")


def test_a_keras_file_without_an_end_is_given_up_after_half_a_minute(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    waited = []

    def never_ends(command, *, timeout, **_):
        waited.append(timeout)
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr("subprocess.run", never_ends)
    (tmp_path / "a.h5").write_bytes(bytes(1_000_000))
    with pytest.raises(ModelError, match="not a readable Keras file"):
        read_keras(tmp_path / "a.h5")
    assert waited == [31]  # and a second for its megabyte


def test_an_onnx_network_that_crashes_openvino_is_refused_and_not_tried_here(tmp_path, monkeypatch):
    def crashes(command, **_):
        return subprocess.CompletedProcess(command, -signal.SIGSEGV, b"")

    monkeypatch.setattr("subprocess.run", crashes)
    monkeypatch.setattr("srgan.engines.onnx_examination.OnnxTrials", None)
    write_onnx(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="damaged"):
        load_any_network(tmp_path / "net.onnx")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux")
def test_a_keras_file_takes_no_more_memory_than_it_can_need(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["model_config"] = "{}"
    content = (tmp_path / "a.h5").read_bytes()
    place = content.index(b"GCOL").to_bytes(8, "little")  # of the text, after its length
    damaged = content.replace((2).to_bytes(4, "little") + place, (3 * 2**30).to_bytes(4, "little") + place)
    assert damaged != content
    (tmp_path / "a.h5").write_bytes(damaged)
    script = (
        "import resource, sys; from pathlib import Path; from srgan.networks.keras.file import read_keras\n"
        "try: read_keras(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.h5")]
    message, kilobytes = subprocess.run(
        command, capture_output=True, check=True, text=True
    ).stdout.splitlines()
    assert "damaged" in message
    assert int(kilobytes) < 300_000


def test_a_damaged_form_is_no_line_in_the_servers_log():
    pytest.importorskip("python_multipart")
    script = (
        "import srgan.serve.uploads; from python_multipart.multipart import MultipartParser\n"
        "try: MultipartParser(b'x', {}).write(b'damaged')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "MultipartParseError"
    assert done.stderr == ""


def test_an_onnx_file_that_crashes_its_reader_is_refused(tmp_path):
    """A convolution without weights, by which OpenVINO 2026.4 ends its process."""
    write_onnx(tmp_path / "a.onnx")
    network = onnx.load(tmp_path / "a.onnx")
    convolution = next(node for node in network.graph.node if node.op_type == "Conv")
    del convolution.input[1:]
    onnx.save(network, tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="damaged"):
        load_any_network(tmp_path / "a.onnx")
