"""Model files: what is written comes back; what is damaged, foreign or hostile is one clear error."""

import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy

from srgan.errors import ModelError
from srgan.networks.card import ModelCard
from srgan.networks.model_file import file_sha256, read_card, read_model, write_model


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_card_and_parameters_come_back(tmp_path, tiny_tensors, tiny_card, dtype):
    path = tmp_path / "m.safetensors"
    tensors = {name: tensor.astype(dtype) for name, tensor in tiny_tensors.items()}
    tensors["tail.weight"] = np.asfortranarray(tensors["tail.weight"])
    card = dataclasses.replace(
        tiny_card, figures={"Set5": {"psnr_y": 30.5}}, training={"data": "写真"}, halo=6, licence="Apache-2.0"
    )

    write_model(path, tensors, card)
    found_card, found = read_model(path)

    assert found_card == card == read_card(path)
    assert found.keys() == tensors.keys()
    for name, tensor in found.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, tensors[name].astype(np.float32))
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.safetensors"]


def test_files_call_the_architecture_kind_as_they_always_did(tiny_card):
    fields = json.loads(tiny_card.to_json())
    assert fields["generator"] == {"kind": "srresnet", "blocks": 1, "channels": 8, "norm": "none"}
    compact = dataclasses.replace(tiny_card.generator, architecture="compact")
    card = dataclasses.replace(tiny_card, generator=compact)
    assert ModelCard.from_json(card.to_json()) == card


def test_a_card_of_before_the_compact_architecture_is_still_read(tiny_card):
    fields = json.loads(tiny_card.to_json())
    assert fields["generator"].pop("kind") == "srresnet"
    assert ModelCard.from_json(json.dumps(fields)) == tiny_card


def test_a_failed_write_keeps_the_old_file(tmp_path, tiny_tensors, tiny_card):
    path = tmp_path / "m.safetensors"
    write_model(path, tiny_tensors, tiny_card)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_model(path, tiny_tensors, dataclasses.replace(tiny_card, training={"data": object()}))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.safetensors"]


def one_line(path, read):
    with pytest.raises(ModelError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-10],
        lambda raw: raw[:40],
        lambda _: b"",
        lambda raw: raw + b"more",
        lambda _: pickle.dumps({"weights": [1.0] * 100}),
        lambda _: b"PK\x03\x04" + bytes(200),
    ],
    ids=["cut", "cut in its header", "empty", "too long", "a pickle", "a zip"],
)
def test_a_damaged_or_foreign_file_is_refused(tmp_path, tiny_model, damage):
    path = tmp_path / "m.safetensors"
    path.write_bytes(damage(tiny_model.read_bytes()))
    for read in (read_card, read_model):
        assert "not a readable .safetensors model" in one_line(path, read)


def test_a_pickle_is_never_executed(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    path = tmp_path / "m.safetensors"
    path.write_bytes(pickle.dumps(Hostile()))
    one_line(path, read_model)
    assert not (tmp_path / "executed").exists()


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "no such model file" in one_line(tmp_path / "gone.safetensors", read_model)
    assert "not a readable" in one_line(tmp_path, read_model)


def test_a_file_without_a_card_is_refused(tmp_path, tiny_tensors):
    path = tmp_path / "m.safetensors"
    safetensors.numpy.save_file(tiny_tensors, path)
    assert "has no srgan card" in one_line(path, read_model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("head.bias"), "'head.bias' is not as the model's card says"),
        (lambda tensors: tensors.update(extra=np.zeros(3)), "'extra' is not as the model's card says"),
        (lambda tensors: tensors.update({"head.bias": np.zeros(3)}), "'head.bias' is not as"),
        (lambda tensors: tensors["head.bias"].fill(np.nan), "not finite"),
        (lambda tensors: tensors["head.bias"].fill(np.inf), "not finite"),
    ],
)
def test_parameters_other_than_the_cards_are_refused(tmp_path, tiny_tensors, tiny_card, change, message):
    path = tmp_path / "m.safetensors"
    change(tiny_tensors)
    write_model(path, tiny_tensors, tiny_card)
    assert message in one_line(path, read_model)
    assert read_card(path) == tiny_card


def test_a_type_that_numpy_lacks_is_refused(tmp_path, tiny_tensors, tiny_card):
    torch = pytest.importorskip("torch")
    import safetensors.torch

    path = tmp_path / "m.safetensors"
    tensors = {name: torch.from_numpy(tensor).bfloat16() for name, tensor in tiny_tensors.items()}
    safetensors.torch.save_file(tensors, path, metadata={"srgan": tiny_card.to_json()})
    # In a process of its own: some libraries teach NumPy the type as they are imported.
    program = (
        "import sys; from pathlib import Path; from srgan.networks.model_file import read_model as read;"
    )
    program += "read(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith(f"srgan.errors.ModelError: {path}: ")
    assert "fp32" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3},
        {"unknown": 1},
        {"generator": {"blocks": "x", "channels": 8}},
        {"generator": {"blocks": 0, "channels": 8}},
        {"generator": {"blocks": 10**12, "channels": 8}},
        {"generator": {"blocks": 1, "channels": -8}},
        {"generator": {"blocks": 1, "channels": 8.5}},
        {"generator": {"blocks": 1, "channels": 8, "norm": "layer"}},
        {"generator": {"blocks": 1, "channels": 8, "kind": "deep"}},
        {"generator": {"blocks": 1, "channels": 8, "kind": ["compact"]}},
        {"generator": {"blocks": 1, "channels": 8, "kind": "compact", "norm": "batch"}},
        {"generator": {"blocks": 1, "depth": 8}},
        {"generator": {"blocks": "x", "channels": 8}, "halo": 4},
        {"generator": None},
        {"halo": -1},
        {"halo": "wide"},
        {"halo": 1000},
        {"figures": [1]},
        {"figures": {"Set5": 31.4}},
        {"training": "long"},
    ],
)
def test_a_card_with_an_impossible_value_is_refused(tmp_path, tiny_tensors, tiny_card, change):
    path = tmp_path / "m.safetensors"
    text = json.dumps({**json.loads(tiny_card.to_json()), **change})
    safetensors.numpy.save_file(tiny_tensors, path, metadata={"srgan": text})
    for read in (read_card, read_model):
        assert "card cannot be read" in one_line(path, read)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "[" * 100_000])
def test_a_card_that_is_no_json_object_is_refused(text):
    with pytest.raises(ModelError, match="card cannot be read"):
        ModelCard.from_json(text)


def test_the_hash_is_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-4's own example.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "abc") == expected
