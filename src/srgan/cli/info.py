"""``srgan info``: a model's card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import print_json


def info(
    model: Annotated[str, typer.Argument(help="Name of a model, or its file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows a model's card: what it is, how it was trained, what it scored; of another program's, what it is.

    Example: srgan info srresnet

    Example: srgan info RealESRGAN_x4plus.pth --json
    """
    from srgan.networks.catalogue import find_model
    from srgan.networks.model_file import has_card, model_sha256

    path = find_model(model)
    facts = {
        **(_own(path) if has_card(path) else _foreign(path)),
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": model_sha256(path),
    }
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for name, item in value.items():
                print(f"  {name}: {item}")
        else:
            print(f"{key}: {value}")


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
