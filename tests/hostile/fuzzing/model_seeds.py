"""Whole files of networks, tiny ones, from which damaged ones are made."""

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

_TESTS = Path(__file__).parents[2]


def safetensors() -> list[bytes]:
    """One of srgan's own, and another program's in three types of numbers."""
    from safetensors.numpy import save

    from srgan.networks.architecture import GeneratorConfig
    from srgan.networks.card import ModelCard
    from srgan.networks.model_file import write_model

    random = np.random.default_rng(0)
    tiny = GeneratorConfig(blocks=1, channels=4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.safetensors"
        tensors = {name: random.random(shape, np.float32) for name, shape in tiny.shapes().items()}
        write_model(path, tensors, ModelCard(name="tiny", generator=tiny, summary="For tests."))
        own = path.read_bytes()
    foreign = {name: tensor.numpy() for name, tensor in _foreign().items()}
    halves = {name: tensor.astype(np.float16) for name, tensor in foreign.items()}
    return [own, save(foreign), save(halves), _bfloat16()]


def _bfloat16() -> bytes:
    import torch
    from safetensors.torch import save

    return save({name: tensor.to(torch.bfloat16) for name, tensor in _foreign().items()})


def _foreign() -> dict:
    sys.path.append(str(_TESTS / "references"))
    from reference_networks import SRVGGNetCompact

    return SRVGGNetCompact(blocks=1, c=4).state_dict()


def pth() -> list[bytes]:
    """As PyTorch writes them now, and as it did before version 1.6; wrapped, and of 16 bits."""
    import torch

    tensors = _foreign()
    made = []
    for content, is_zip in (
        (tensors, True),
        (tensors, False),
        ({"params_ema": tensors, "step": 3}, False),
        ({name: tensor.half() for name, tensor in tensors.items()}, False),
    ):
        buffer = io.BytesIO()
        torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
        made.append(buffer.getvalue())
    return made


def onnx() -> list[bytes]:
    """In both layouts, of a fixed size, of bytes."""
    sys.path.append(str(_TESTS / "references"))
    from onnx_networks import write_onnx

    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, options in enumerate(
            ({}, {"layout": "nhwc"}, {"size": (16, 16)}, {"is_byte": (True, True)}, {"values": "0..255"})
        ):
            path = Path(folder) / f"{number}.onnx"
            write_onnx(path, **options)
            made.append(path.read_bytes())
    return made


def ncnn() -> list[bytes]:
    """The text of a network and its weights, one after the other, with the length of the text before."""
    sys.path.append(str(_TESTS / "references"))
    from ncnn_files import NcnnWriter, assorted, compact, dense

    made = []
    with tempfile.TemporaryDirectory() as folder:
        for make in (dense, compact, assorted):
            writer = NcnnWriter(half=make is compact)
            make(writer)
            path = writer.save(Path(folder) / "net")
            made.append(path.read_bytes() + _BETWEEN + path.with_suffix(".bin").read_bytes())
    return made


_BETWEEN = b"\n====\n"


def split_ncnn(path: Path) -> None:
    """Puts the weights of :func:`ncnn` into the file beside it where they belong."""
    text, _, weights = path.read_bytes().partition(_BETWEEN)
    path.write_bytes(text)
    path.with_suffix(".bin").write_bytes(weights)


def h5() -> list[bytes]:
    """Keras's own files, of several versions."""
    with zipfile.ZipFile(_TESTS / "export" / "keras_files.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith((".h5", ".keras"))]
        return [archive.read(name) for name in names]
