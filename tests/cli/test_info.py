"""``srgan info`` and ``srgan models``, against facts taken from the files in another way."""

import dataclasses
import hashlib
import json
import math
import struct

import pytest

from srgan.networks.catalogue import find_model, list_models, load_card
from srgan.networks.model_file import write_model


def stored_shapes(path):
    """Straight from the bytes: the length of a JSON header, then the header."""
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]])
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def reach(blocks):
    """Low-res pixels on either side that a result depends on, followed back layer by layer."""
    low = high = 0
    widest = 0
    for position in range(4):  # of the four results above one low-res pixel
        low, high = position - 4, position + 4  # 9x9 tail, at four times the size
        for _ in range(2):  # back through a pixel shuffle, then a 3x3 convolution
            low, high = math.floor(low / 2) - 1, math.floor(high / 2) + 1
        low, high = low - (1 + 2 * blocks), high + (1 + 2 * blocks)  # the trunk and the blocks
        low, high = low - 4, high + 4  # 9x9 head
        widest = max(widest, -low, high)
    return widest


@pytest.mark.parametrize("name", list_models())
def test_info_says_what_is_in_the_file(srgan, name):
    done = srgan("info", name, "--json")
    assert (done.code, done.err) == (0, "")
    facts = json.loads(done.out)

    path = find_model(name)
    shapes = stored_shapes(path)
    trained = [shape for tensor, shape in shapes.items() if "running_" not in tensor and "num_" not in tensor]
    blocks = len({tensor.split(".")[1] for tensor in shapes if tensor.startswith("blocks.")})
    assert facts["parameters"] == sum(map(math.prod, trained))
    assert facts["generator"]["blocks"] == blocks
    assert facts["generator"]["channels"] == shapes["head.weight"][0]
    if facts["generator"]["kind"] == "compact":  # all of its convolutions are at low resolution
        halo = sum(shape[2] // 2 for shape in shapes.values() if len(shape) == 4)
    else:
        halo = reach(blocks)
    assert facts["receptive_field"] == 2 * halo + 1
    assert facts["file"] == str(path)
    assert facts["bytes"] == len(path.read_bytes())
    assert facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts["summary"] == load_card(name).summary


def test_what_a_file_says_cannot_break_a_terminal(srgan, tiny_model, tiny_tensors, tiny_card):
    card = dataclasses.replace(tiny_card, summary="\x1b[2J", taught_by=[{"network": "\x1b[2J"}])
    write_model(tiny_model, tiny_tensors, card)
    done = srgan("info", tiny_model)
    assert done.code == 0
    assert "\x1b" not in done.out


def test_info_reads_a_file_of_ones_own(srgan, tiny_model):
    done = srgan("info", tiny_model)
    assert "name: tiny\n" in done.out
    assert "  blocks: 1\n" in done.out
    assert f"sha256: {hashlib.sha256(tiny_model.read_bytes()).hexdigest()}\n" in done.out


def test_info_lists_the_runs_and_the_teachers_line_by_line(srgan, tiny_model, tiny_card, tiny_tensors):
    run = {"recipe": {"name": "first", "start": ""}, "steps": 7, "pictures": 3, "data": "mine", "hours": 0.1}
    teacher = {"network": "large", "licence": "BSD-3-Clause", "pictures": "3 of mine"}
    odd = {"made": "by hand"}
    card = dataclasses.replace(tiny_card, history=[run, odd], taught_by=[teacher])
    write_model(tiny_model, tiny_tensors, card)
    lines = srgan("info", tiny_model).out.splitlines()
    assert "  first, from nothing: 7 steps, 3 pictures of mine, 0.1 hours" in lines
    assert "  large, BSD-3-Clause, 3 of mine" in lines
    assert any("by hand" in line for line in lines)


def test_models_lists_every_shipped_card(srgan, monkeypatch):
    monkeypatch.setattr("srgan.networks.realesrgan._PACKAGE", "no_such_package")
    cards = json.loads(srgan("models", "--json").out)["models"]
    assert [card["name"] for card in cards] == list_models()
    assert [card["figures"] for card in cards] == [load_card(name).figures for name in list_models()]


def test_the_table_of_models_fits_100_columns_and_holds_their_figures(srgan):
    done = srgan("models")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.out
    for name in list_models():
        card = load_card(name)
        (line,) = (line for line in lines if line.split()[:1] == [name])
        five, hundred = card.figures["Set5"], card.figures["BSD100"]
        figures = [five["psnr_y"], hundred["psnr_y"], hundred["niqe"]]
        assert [float(text) for text in line.split()[-3:]] == pytest.approx(figures, abs=0.005)
        assert " ".join(card.summary.split()[:3]) in line
