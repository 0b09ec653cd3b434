"""``srgan info``: a model's card."""

from __future__ import annotations

from typing import Annotated

import typer

from srgan.cli.console import print_json


def info(
    model: Annotated[str, typer.Argument(help="Name of a model, or its file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows a model's card: what it is, how it was trained, what it scored.

    Example: srgan info srresnet

    Example: srgan info mine.safetensors --json
    """
    from srgan.networks.catalogue import find_model
    from srgan.networks.model_file import file_sha256, read_card

    path = find_model(model)
    card = read_card(path)
    facts = {
        **card.to_dict(),
        "parameters": card.generator.parameters,
        "receptive_field": 2 * card.generator.radius + 1,
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": file_sha256(path),
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
