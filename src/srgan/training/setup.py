"""What a run needs before its first step: the device, the precision, the optimisers, the schedule."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, Literal, cast

import torch
from torch import nn

from srgan.errors import UsageError
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.architectures.folding import Tensors
from srgan.networks.module import ModuleNetwork
from srgan.networks.network import load_network
from srgan.training.muon import Muon
from srgan.training.networks.described import DescribedNetwork
from srgan.training.networks.generator import make_generator
from srgan.training.networks.spandrel import load_torch_network
from srgan.training.recipe import OptimiserOptions

Device = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(device: Device) -> torch.device:
    """Returns the device a run computes on; "auto" prefers CUDA, then Apple's, then the CPU.

    Under torchrun, each process on a computer takes a CUDA device of its own.

    Raises:
        UsageError: if the named device is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = next(name for name, present in there.items() if present) if device == "auto" else device
    if not there[name]:
        raise UsageError(
            f"this computer's PyTorch finds no {name} device; choose cpu or auto", field="device"
        )
    if name != "cuda":
        return torch.device(name)
    own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(own)
    return own


def processor() -> Mapping[str, Any]:
    """Returns what PyTorch reports about the processor; nothing if its version is too old for that."""
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    return capabilities() if capabilities else {}


def computes_bf16(device: torch.device) -> bool:
    """Returns whether the device computes in bfloat16 natively, rather than emulating it slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return any(processor().get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return False


def autocast_dtype(precision: Literal["auto", "bf16", "fp32"], device: torch.device) -> torch.dtype:
    """Returns the type convolutions compute in; weights and their updates are always float32."""
    bf16 = computes_bf16(device) if precision == "auto" else precision == "bf16"
    return torch.bfloat16 if bf16 else torch.float32


def load_teacher(model: str, scale: int) -> nn.Module:
    """Returns a network to learn from, in PyTorch: one of srgan's own or of another program's.

    Args:
        model: name of a shipped model, or a file, see
            :func:`~srgan.training.networks.spandrel.load_torch_network`.
        scale: that the results must have.

    Raises:
        UsageError: if there is no such model, or its results are of another scale.
        ModelError: if its file cannot be read.
        MissingExtraError: if it needs spandrel, which is not installed.
    """
    network = load_torch_network(model)
    if network.info.scale != scale:
        raise UsageError(
            f"teacher = '{model}': upscales {network.info.scale}x, the recipe's network {scale}x"
        )
    if isinstance(network, ModuleNetwork):
        return cast(nn.Module, network.module)
    if network.card.generator is None:
        return DescribedNetwork(network)
    return _generator(network.card.generator, network.tensors)


def start_network(config: GeneratorConfig, start: str) -> nn.Module:
    """Returns the generator at the start of a run.

    Args:
        config: its dimensions.
        start: the model whose weights it has, a shipped name or a file of srgan's own; "" for random ones.

    Raises:
        UsageError: if there is no such model, or it has other dimensions.
        ModelError: if its file cannot be read, or is another program's.
    """
    if not start:
        return make_generator(config)
    network = load_network(start)
    found = network.card.own_generator
    if found != config:
        raise UsageError(f"start = '{start}': has {found}, the recipe {config}; make them agree")
    return _generator(config, network.tensors)


def _generator(config: GeneratorConfig, tensors: Tensors) -> nn.Module:
    network = make_generator(config)
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
    return network


def make_optimisers(
    network: nn.Module, options: OptimiserOptions, dtype: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Returns optimisers for all of a network's weights, each weight in one of them.

    Muon takes the convolutions between feature maps. The first and the last layer, whose rows are colours
    rather than features, and all biases, slopes and norms are AdamW's.

    Args:
        network: the network.
        options: the kind and the rates.
        dtype: type that the run computes in.
    """
    inside: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        feature_maps = parameter.ndim == 4 and not name.startswith(("head.", "tail."))
        (inside if options.kind == "muon" and feature_maps else rest).append(parameter)
    adamw = torch.optim.AdamW(rest, lr=options.learning_rate, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    if not inside:
        return [adamw]
    return [adamw, Muon(inside, options.muon_learning_rate, options.weight_decay, dtype=dtype)]


def schedule(step: int, options: OptimiserOptions) -> float:
    """Returns the factor on every learning rate at a step: a linear rise, then half a cosine down to zero."""
    warmup = options.warmup * options.steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (options.steps - warmup)))
