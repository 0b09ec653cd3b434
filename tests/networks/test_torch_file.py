"""PyTorch's files: what PyTorch wrote is read as PyTorch reads it, and nothing is ever executed."""

import collections
import contextlib
import io
import pickle
import random
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch

from srgan.errors import ModelError
from srgan.networks.torch_file import is_torch_file, open_torch_file
from srgan.networks.weights import read_tensors

KINDS = {"zip": True, "legacy": False}


def tensors_of_all_kinds():
    matrix = torch.arange(24.0).reshape(4, 6)
    return {
        "float": matrix,
        "half": matrix.half() / 7,
        "bfloat": matrix.bfloat16() / 7,
        "double": matrix.double() / 7,
        "long": torch.arange(5),
        "byte": torch.arange(5, dtype=torch.uint8),
        "flag": torch.tensor([True, False]),
        "scalar": torch.tensor(3.0),
        "empty": torch.zeros(0, 3),
        "turned": matrix.T,
        "part": matrix[1:3, ::2],
        "shared": matrix[2],
        "parameter": torch.nn.Parameter(matrix),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_are_read_as_pytorch_reads_them(tmp_path, kind):
    path = tmp_path / "any.name"
    expected = tensors_of_all_kinds()
    torch.save(expected, path, _use_new_zipfile_serialization=KINDS[kind])
    found = read_tensors(path)
    assert is_torch_file(path)
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, expected[name].detach().float().numpy())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wrap", "found"),
    [
        (lambda good, bad: {"params": bad, "params_ema": good}, True),
        (lambda good, _: {"state_dict": good, "epoch": 3, "optimizer": {"lr": 0.1}}, True),
        (lambda good, bad: {"params": good, "optimizer": {"state": {0: bad}}}, True),
        (lambda good, _: {"net": {"params": good}}, True),
        (lambda good, _: collections.OrderedDict(good), True),
        (lambda good, bad: {"first": good, "second": bad}, False),
        (lambda good, _: [good], False),
        (lambda *_: {"epoch": 3}, False),
    ],
)
def test_weights_are_found_in_what_they_are_wrapped_in(tmp_path, kind, wrap, found):
    good, bad = {"a.weight": torch.ones(3)}, {"a.weight": torch.zeros(3)}
    torch.save(wrap(good, bad), tmp_path / "net.pth", _use_new_zipfile_serialization=KINDS[kind])
    if found:
        assert read_tensors(tmp_path / "net.pth")["a.weight"].tolist() == [1, 1, 1]
    else:
        assert "network" in refused(tmp_path / "net.pth")


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Mutating:
    """A pickle that would set attributes of what it is given for a name."""

    def __init__(self, name):
        self.name = name

    def bytes(self):
        module, name = self.name.rsplit(".", 1)
        return f"\x80\x02c{module}\n{name}\n".encode() + b"N}X\x01\x00\x00\x00xK\x01s\x86b."


@pytest.mark.parametrize("kind", ["zip", "legacy", "plain pickle"])
def test_a_hostile_pickle_is_refused_by_the_name_it_asks_for_and_not_executed(tmp_path, kind):
    mark = tmp_path / "executed"
    path = tmp_path / "net.pth"
    for function, arguments, name in (
        (open, (str(mark), "w"), "open"),
        (eval, (f"open({str(mark)!r}, 'w')",), "eval"),
        (shutil.copy, (__file__, str(mark)), "shutil.copy"),
    ):
        weights = {"a": torch.ones(3), "b": Hostile(function, *arguments)}
        if kind == "plain pickle":
            path.write_bytes(pickle.dumps(weights["b"], 2))
        else:
            torch.save(weights, path, _use_new_zipfile_serialization=KINDS[kind])
        message = refused(path)
        assert name in message
        assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.HalfStorage"]
)
def test_what_stands_in_for_a_name_cannot_be_changed_for_later_files(tmp_path, name):
    path, good = tmp_path / "net.pth", tmp_path / "good.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", Mutating(name).bytes())
    refused(path)
    torch.save(collections.OrderedDict(a=torch.ones(2)), good)
    assert read_tensors(good)["a"].tolist() == [1, 1]
    assert not hasattr(collections.OrderedDict, "x")


def test_a_pickled_module_is_refused_by_its_class(tmp_path):
    torch.save(torch.nn.Conv2d(3, 3, 3), tmp_path / "net.pth")
    assert "torch.nn.modules.conv.Conv2d" in refused(tmp_path / "net.pth")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_one_line(tmp_path, kind):
    path = tmp_path / "net.pth"
    torch.save({"params": tensors_of_all_kinds()}, path, _use_new_zipfile_serialization=KINDS[kind])
    raw = path.read_bytes()
    for length in (0, 1, 10, 100, 300, len(raw) // 2, len(raw) - 10):
        path.write_bytes(raw[:length])
        refused(path)
    dice = random.Random(0)
    for _ in range(60):
        changed = bytearray(raw)
        for _ in range(3):
            changed[dice.randrange(len(raw))] = dice.randrange(256)
        path.write_bytes(changed)
        with contextlib.suppress(ModelError):  # a changed byte of a number may go unseen in the old format
            read_tensors(path)


def test_a_tensor_cannot_reach_beyond_its_storage_or_fill_the_memory(tmp_path):
    rebuild = torch._utils._rebuild_tensor_v2
    storage = torch.ones(4).untyped_storage()
    for offset, size, stride in ((0, (5,), (1,)), (3, (2,), (1,)), (0, (10**12,), (0,)), (0, (2,), (-1,))):

        class Bad:
            def __reduce__(self, of=(offset, size, stride)):
                typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32, _internal=True)
                return rebuild, (typed, *of, False, collections.OrderedDict())

        torch.save({"a": Bad()}, tmp_path / "net.pth")
        refused(tmp_path / "net.pth")


def test_a_compressed_storage_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1000)}, tmp_path / "net.pth")
    copied = io.BytesIO()
    with (
        zipfile.ZipFile(tmp_path / "net.pth") as old,
        zipfile.ZipFile(copied, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    (tmp_path / "net.pth").write_bytes(copied.getvalue())
    refused(tmp_path / "net.pth")


def test_pytorch_is_not_imported(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "net.pth")
    program = "import sys; from pathlib import Path; from srgan.networks.weights import read_tensors as read;"
    program += "print(read(Path(sys.argv[1]))['a'], 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "net.pth"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[1. 1. 1.] False\n"


def refused(path):
    with pytest.raises(ModelError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_a_file_can_be_read_while_it_is_open_only(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "net.pth")
    with open_torch_file(tmp_path / "net.pth") as saved:
        assert saved["a"].shape == (3,)
        assert saved["a"].read().tolist() == [1, 1, 1]
