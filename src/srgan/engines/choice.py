"""Which engine runs a network."""

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

    With ``engine`` and ``device`` both ``"auto"`` it is PyTorch on a GPU, if PyTorch is installed and can use
    one, else OpenVINO on the processor. PyTorch is imported only where a GPU seems to be there; whatever goes
    wrong with it then is not the user's affair: OpenVINO computes, and its ``note`` says why. What only one
    engine can run is run by it.

    Args:
        network: the network.
        engine: which engine; ``"auto"`` with a device named is the one that computes there.
        precision: ``"auto"`` is the fastest that the device computes natively.
        device: ``"auto"`` is the processor for OpenVINO, and the best there is for torch.
        threads: processor threads; None means all.

    Raises:
        UsageError: for a combination that does not exist.
        MissingExtraError: if torch is asked for and not installed.
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
    """PyTorch on the best GPU, tried with a small picture: drivers and builds may not go together.

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
