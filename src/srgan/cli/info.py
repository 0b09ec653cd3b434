"""``srgan info``: a model's card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srgan.cli.console import print_json
from srgan.cli.options import JsonOption, ModelLayout, ModelOrder, ModelRange, Order, onnx_form
from srgan.errors import shown

if TYPE_CHECKING:
    from srgan.networks.onnx import OnnxForm


def info(
    model: Annotated[str, typer.Argument(help="Name of a model, or a file.")],
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    as_json: JsonOption = False,
) -> None:
    """Show what a model is, how it was trained and what it scored.

    For another program's network, show its architecture, scale and size.

    Example: srgan info srresnet

    Example: srgan info RealESRGAN_x4plus.pth --json
    """
    from srgan.networks.catalogue import find_model
    from srgan.networks.eight_bits import read_eight_bits
    from srgan.networks.model_file import model_sha256

    path = find_model(model)
    eight_bits = read_eight_bits(path)
    facts = {
        **_found(path, onnx_form(model_layout, model_range, model_order)),
        **({} if eight_bits is None else {"int8": eight_bits.summary()}),
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": model_sha256(path),
    }
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        lines = [shown(line) for line in _lines(key, value)]
        print(f"{key}:", *lines, sep="\n  ") if lines else print(
            shown(f"{key}: {'' if value == [] else value}")
        )


def _lines(key: str, value: Any) -> list[str]:
    """Returns the lines below a key whose value does not fit beside it."""
    if isinstance(value, list):
        return [_step(item) if key == "history" else ", ".join(map(str, item.values())) for item in value]
    return [f"{name}: {item}" for name, item in value.items()] if isinstance(value, dict) else []


def _step(step: dict[str, Any]) -> str:
    """Describes a run that led to a model, in one line."""
    recipe = step.get("recipe")
    if not isinstance(recipe, dict):  # a blend of models, or a user's own file
        return str(step)
    return (
        f"{recipe.get('name')}, from {recipe.get('start') or 'nothing'}: {step.get('steps')} steps, "
        f"{step.get('pictures')} pictures of {step.get('data')}, {step.get('hours')} hours"
    )


def _found(path: Path, form: OnnxForm) -> dict[str, Any]:
    from srgan.networks.model_file import has_card
    from srgan.networks.module import UnknownArchitectureError
    from srgan.networks.onnx import is_onnx

    if is_onnx(path):
        return _undescribed(path, form)
    if has_card(path):
        return _own(path)
    try:
        return _foreign(path)
    except UnknownArchitectureError:
        return _undescribed(path, form)


def _own(path: Path) -> dict[str, Any]:
    from srgan.networks.model_file import read_card

    card = read_card(path)
    generator = card.own_generator
    return {
        **card.to_dict(),
        "parameters": generator.parameters,
        "receptive_field": 2 * generator.radius + 1,
    }


def _foreign(path: Path) -> dict[str, Any]:
    from srgan.networks.foreign import read_foreign
    from srgan.networks.network import describe_foreign

    card, found = read_foreign(path)
    info = describe_foreign(found.architecture)
    return {
        "name": card.name,
        "summary": card.summary,
        "licence": card.licence,
        "architecture": found.name,
        "blocks": found.blocks,
        "channels": found.channels,
        "scale": info.scale,
        "parameters": sum(tensor.size for tensor in found.tensors.values()),
        "receptive_field": 2 * (info.radius or 0) + 1,
        "halo": info.halo,
        "multiple": info.multiple,
    }


def _undescribed(path: Path, form: OnnxForm) -> dict[str, Any]:
    from srgan.engines.loading import load_any_network
    from srgan.networks.module import ModuleNetwork
    from srgan.networks.onnx import OnnxNetwork

    network = load_any_network(path, onnx=form)
    facts: dict[str, Any] = {
        "name": network.card.name,
        "summary": network.card.summary,
        "licence": network.card.licence,
        "scale": network.info.scale,
        "halo": network.info.halo,
        "multiple": network.info.multiple,
    }
    if isinstance(network, ModuleNetwork):
        facts |= {"architecture": network.architecture}
    if isinstance(network, OnnxNetwork):
        height, width = network.info.size or (None, None)
        facts |= {
            "size": height and f"{width}x{height}",
            "layout": _both(network.layouts),
            "range": _both(network.ranges),
            "order": network.order,
        }
    return facts


def _both(ends: tuple[str, str]) -> str:
    """Describes input and output; once if they are the same."""
    return " to ".join(dict.fromkeys(ends))
