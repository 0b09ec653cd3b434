"""OpenVINO's files, read again by OpenVINO."""

import json

import numpy as np
import pytest

from srgan.engines.openvino import OpenVinoEngine, import_openvino
from srgan.errors import OutputError
from srgan.export.openvino_file import write_openvino
from srgan.networks.network import load_network


def read(path):
    core = import_openvino().Core()
    model = core.read_model(path)
    return model, core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize("picture_io", [False, True])
def test_the_files_give_what_srgan_does(tiny_model, tmp_path, photo, picture_io):
    network = load_network(tiny_model)
    done = write_openvino(network, tmp_path / "tiny.xml", precision="fp32", picture_io=picture_io)
    model, compiled = read(tmp_path / "tiny.xml")
    assert (model.input().any_name, model.output().any_name) == ("picture", "result")
    batch = np.stack([photo, photo[::-1]])
    engine = OpenVinoEngine(network, precision="fp32")
    if picture_io:
        result, expected = compiled([batch])[0], engine.upscale(batch)
    else:
        batch = batch / np.float32(255)
        result = compiled([np.ascontiguousarray(batch.transpose(0, 3, 1, 2))])[0].transpose(0, 2, 3, 1)
        expected = engine.upscale(batch)
    assert expected.std() > 0.02
    np.testing.assert_allclose(result, expected, atol=1 if picture_io else 1e-5)
    assert done.largest_difference <= 1
    assert json.loads(model.get_rt_info(["srgan", "card"]).value) == network.card.to_dict()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.bin", "tiny.xml"]


def test_half_precision_halves_the_parameters(tiny_model, tmp_path):
    sizes = {}
    for precision in ("fp32", "fp16"):
        write_openvino(
            load_network(tiny_model), tmp_path / f"{precision}.xml", precision=precision, picture_io=False
        )
        sizes[precision] = (tmp_path / f"{precision}.bin").stat().st_size
    assert sizes["fp16"] == pytest.approx(sizes["fp32"] / 2, rel=0.05)


def test_nothing_is_left_where_one_of_the_two_cannot_be_written(tiny_model, tmp_path):
    (tmp_path / "tiny.bin").mkdir()
    with pytest.raises(OutputError, match=r"tiny\.bin: is a folder"):
        write_openvino(load_network(tiny_model), tmp_path / "tiny.xml", precision="fp32", picture_io=False)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.bin"]
