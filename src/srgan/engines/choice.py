"""Chooses the engine that runs a network."""

from __future__ import annotations

import importlib.util
import typing

from srgan.engines.devices import gpu_in_sight
from srgan.engines.protocol import Device, Engine, EngineName, Precision
from srgan.errors import MissingExtraError, UsageError
from srgan.networks.module import ModuleNetwork
from srgan.networks.network import AnyNetwork, Network
from srgan.networks.onnx import OnnxNetwork


def open_engine(
    network: AnyNetwork,
    *,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    device: Device = "auto",
    threads: int | None = None,
) -> Engine:
    """Makes a network ready to run.

    If ``engine`` and ``device`` are both ``"auto"``, this chooses PyTorch on a GPU if PyTorch is installed
    and can use one, else OpenVINO on the processor. It imports PyTorch only if there seems to be a GPU. If
    PyTorch then fails, OpenVINO is used instead, and its ``note`` says why. A network that only one engine
    can run gets that engine, and so does int8, which only OpenVINO computes.

    Args:
        network: the network.
        engine: the engine; ``"auto"`` follows ``device`` if that is given.
        precision: ``"auto"`` is the fastest that costs next to nothing; see each engine.
        device: ``"auto"`` is the processor for OpenVINO, and the best available device for PyTorch.
        threads: number of processor threads; None means all.

    Raises:
        UsageError: if there is no such engine, precision or device, or they do not go together; ``field``
            says which one is wrong.
        MissingExtraError: if PyTorch is needed and not installed.
    """
    _check("engine", engine, EngineName)
    _check("precision", precision, Precision)
    _check("device", device, Device)
    if engine == "openvino" and device in ("cuda", "mps"):
        raise UsageError(
            f"the openvino engine runs on the processor only; {device} needs the torch engine", field="engine"
        )
    wants_torch = engine == "torch" or device in ("cuda", "mps")
    if isinstance(network, ModuleNetwork):
        if engine == "openvino":
            raise UsageError(f"a network of {network.architecture} needs the torch engine", field="engine")
        return _open_torch(network, precision, device, threads)
    if isinstance(network, OnnxNetwork):
        if wants_torch:
            raise UsageError(
                "a network in an .onnx file runs on the processor, by the openvino engine only",
                field="engine" if engine == "torch" else "device",
            )
        if precision == "int8":
            raise UsageError(
                "a network in an .onnx file is not computed in int8; choose bf16 or fp32", field="precision"
            )
        return _open_openvino(network, precision, threads)
    if wants_torch:
        return _open_torch(network, precision, device, threads)
    note = ""
    if engine == device == "auto" and precision != "int8" and gpu_in_sight() and _has_torch():
        try:
            return _open_torch_on_gpu(network, precision, threads)
        except Exception as error:
            reason = next(iter(str(error).splitlines()), "") or type(error).__name__
            note = f"PyTorch is installed but cannot use a GPU: {reason}"
    return _open_openvino(network, precision, threads, note)


def _open_openvino(
    network: Network | OnnxNetwork, precision: Precision, threads: int | None, note: str = ""
) -> Engine:
    from srgan.engines.openvino import OpenVinoEngine

    return OpenVinoEngine(network, precision=precision, threads=threads, note=note)


def _open_torch(
    network: Network | ModuleNetwork, precision: Precision, device: Device, threads: int | None
) -> Engine:
    if not _has_torch():
        raise MissingExtraError("the torch engine", "gpu")
    from srgan.engines.torch import TorchEngine

    return TorchEngine(network, precision=precision, device=device, threads=threads)


def _open_torch_on_gpu(network: Network, precision: Precision, threads: int | None) -> Engine:
    """Opens PyTorch on the best GPU, and tries it with a small picture: driver and build may not match.

    Raises:
        Exception: of any kind, if it does not work.
    """
    from srgan.engines.torch import TorchEngine, best_device

    device = best_device()
    if device == "cpu":
        raise UsageError("it sees none")
    engine = TorchEngine(network, precision=precision, device=device, threads=threads)
    engine.try_out()
    return engine


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _check(option: str, value: str, choices: object) -> None:
    allowed = typing.get_args(choices)
    if value not in allowed:
        raise UsageError(f"unknown {option} '{value}'; there are: {', '.join(allowed)}", field=option)
