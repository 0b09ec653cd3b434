"""Networks that other programs trained: what they are, from the names and shapes of their tensors alone."""

from __future__ import annotations

from pathlib import Path

from srgan.errors import ModelError
from srgan.networks.architectures import edsr, msrresnet, rrdbnet, span, srvggnet
from srgan.networks.architectures.folding import Array, Tensors
from srgan.networks.architectures.layered import recognised_graph
from srgan.networks.architectures.recognised import Recognised, UnfitError
from srgan.networks.architectures.trace import trace
from srgan.networks.card import ModelCard
from srgan.networks.layered_file import read_layered
from srgan.networks.module import UnknownArchitectureError
from srgan.networks.ncnn.file import is_ncnn
from srgan.networks.ncnn.graph import read_ncnn
from srgan.networks.realesrgan import LICENCE, REALESRGAN, is_realesrgan
from srgan.networks.weights import read_tensors

_RECOGNISERS = (
    rrdbnet.recognise,
    srvggnet.recognise,
    msrresnet.recognise,
    edsr.recognise,
    span.recognise,
)


def read_foreign(path: Path) -> tuple[ModelCard, Recognised]:
    """Reads a network that another program wrote.

    Args:
        path: a ``.safetensors``, ``.pth`` or ``.pt`` file, whatever its name ends in, of RRDBNet,
            SRVGGNetCompact, MSRResNet, EDSR or SPAN; an ncnn ``.param``, with its ``.bin`` beside it; or
            what was imported from Keras.

    Returns:
        A card with what is known about it, and the network.

    Raises:
        UnknownArchitectureError: if it holds a network of another architecture.
        ModelError: if the file cannot be read or is damaged, asks for more than tensors, or holds several
            networks, or one with unknown layers, or with tensors that do not fit it.
    """
    try:
        found = _read(path)
        _check(found)
        scale = trace(found.architecture).scale
    except UnfitError as error:
        raise ModelError(f"{path}: cannot be used: {error}") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except MemoryError:
        raise ModelError(f"{path}: there is not enough memory to read it; free some") from None
    summary = f"{found.name}, {scale}x, {found.channels} channels, {found.blocks} blocks; by another program."
    licence = "unknown"
    if is_realesrgan(path):
        summary, licence = REALESRGAN[path.stem], LICENCE
    return ModelCard(name=path.stem, generator=None, summary=summary, licence=licence), found


def _read(path: Path) -> Recognised:
    if is_ncnn(path):
        return read_ncnn(path)
    layered = read_layered(path)
    tensors = read_tensors(path)
    found = _recognise_one(tensors) if layered is None else recognised_graph(layered, tensors)
    if found is None:
        raise UnknownArchitectureError(path, tensors)
    return found


def _recognise_one(tensors: Tensors) -> Recognised | None:
    """Recognises the one known network among the tensors, whose names may share a prefix (``module.``).

    Raises:
        UnfitError: if there are several.
    """
    whole = _recognise(tensors)
    if whole is not None:
        return whole
    groups: dict[str, dict[str, Array]] = {}
    for name, tensor in tensors.items():
        first, _, rest = name.partition(".")
        groups.setdefault(first, {})[rest] = tensor
    inner = {first: found for first, group in groups.items() if (found := _recognise(group)) is not None}
    if len(inner) > 1:
        raise UnfitError(f"it holds several networks ({', '.join(inner)}); save one")
    return next(iter(inner.values()), None)


def _recognise(tensors: Tensors) -> Recognised | None:
    return next((found for recognise in _RECOGNISERS if (found := recognise(tensors)) is not None), None)


def _check(found: Recognised) -> None:
    """Compares the tensors with the architecture's.

    Raises:
        UnfitError: naming the first that differs.
    """
    expected, given = found.architecture.shapes(), {name: item.shape for name, item in found.tensors.items()}
    for name in sorted(expected.keys() | given.keys()):
        if name not in given:
            raise UnfitError(f"its tensor '{name}' is missing, which {found.name} needs")
        if name not in expected:
            raise UnfitError(f"it has a tensor '{name}' that {found.name} does not have")
        if expected[name] != given[name]:
            raise UnfitError(
                f"its tensor '{name}' has the shape {given[name]}, not {expected[name]} as in {found.name}"
            )
