"""``srgan models``: the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from srgan.cli.console import print_json


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lists the models that come with srgan, what each is for, and its figures.

    Example: srgan models
    """
    from srgan.networks.catalogue import list_models, load_card

    cards = [load_card(name) for name in list_models()]
    if as_json:
        models = [{**card.to_dict(), "parameters": card.generator.parameters} for card in cards]
        print_json({"models": models})
        return
    for card in cards:
        print(f"{card.name}: {card.summary}")
        print(f"  {card.generator.architecture}, {card.generator.parameters:,} parameters")
        if card.fidelity:
            print(f"  --detail blends it with {card.fidelity}, --invented shows where the two differ")
        for dataset, figures in card.figures.items():
            print(f"  {dataset}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
