"""``srgan models``: the catalogue."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srgan.cli.console import print_json
from srgan.cli.options import JsonOption

if TYPE_CHECKING:
    from srgan.networks.card import ModelCard
    from srgan.networks.eight_bits import EightBits

_WIDTH = 100  # columns

_FIGURES = {
    "Set5 PSNR": ("Set5", "psnr_y", 2),
    "BSD100 PSNR": ("BSD100", "psnr_y", 2),
    "BSD100 NIQE": ("BSD100", "niqe", 2),
}
"""The figures of the table: data set, metric, digits."""

_SPEEDS = {("srresnet", 16, 64): "1.0", ("compact", 8, 48): "11.3"}
"""By architecture, blocks and channels; measured by ``srgan bench`` on two cores: docs/results/speed.md."""


def models(
    as_json: JsonOption = False,
) -> None:
    """List the models that can be used by name: what each is for, its speed and its scores.

    Includes Real-ESRGAN's models if the extra "realesrgan" is installed.

    Example: srgan models

    Example: srgan models --json
    """
    from srgan.networks.catalogue import list_models, load_card
    from srgan.networks.realesrgan import installed_realesrgan

    cards = [load_card(name) for name in [*list_models(), *installed_realesrgan()]]
    if as_json:
        print_json({"models": [_facts(card) for card in cards]})
    else:
        _print_table(cards)


def _print_table(cards: Sequence[ModelCard]) -> None:
    from rich.console import Console
    from rich.table import Table

    is_terminal = sys.stdout.isatty()
    table = Table("model", "for what", box=None, pad_edge=False)
    table.add_column("measured\nspeed,\nphoto = 1", justify="right")
    for heading in _FIGURES:
        table.add_column(heading.replace(" ", "\n"), justify="right")
    for card in cards:
        table.add_row(card.name, card.summary, _speed(card), *_figures(card))
    console = Console(force_terminal=is_terminal, no_color=not is_terminal, highlight=False, emoji=False)
    console.width = min(_WIDTH, console.width) if is_terminal else _WIDTH
    console.print(table)
    print("\nHigher PSNR is closer to the ground truth; lower NIQE looks more natural.")
    losses = [f"{card.name} {found.loss:.3f}" for card in cards if (found := _eight_bits(card)) is not None]
    if losses:
        print(textwrap.fill(f"int8 costs, in dB of PSNR on Kodak: {', '.join(losses)}", _WIDTH))
    for options, kind in (("--detail and --invented work", "fidelity"), ("--denoise works", "grain")):
        pairs = [f"{card.name} (with {getattr(card, kind)})" for card in cards if getattr(card, kind)]
        if pairs:
            print(f"{options} with: {', '.join(pairs)}")


def _facts(card: ModelCard) -> dict[str, Any]:
    eight_bits = _eight_bits(card)
    facts = {**card.to_dict(), "parameters": _parameters(card)}
    return facts if eight_bits is None else {**facts, "int8": eight_bits.summary()}


def _eight_bits(card: ModelCard) -> EightBits | None:
    from srgan.networks.catalogue import find_model
    from srgan.networks.eight_bits import read_eight_bits

    return read_eight_bits(find_model(card.name))


def _parameters(card: ModelCard) -> int:
    from srgan.networks.network import load_network

    if card.generator is not None:
        return card.generator.parameters
    return sum(tensor.size for tensor in load_network(card.name).tensors.values())


def _speed(card: ModelCard) -> str:
    generator = card.generator
    if generator is None:
        return ""
    return _SPEEDS.get((generator.architecture, generator.blocks, generator.channels), "")


def _figures(card: ModelCard) -> list[str]:
    scores = [
        (card.figures.get(dataset, {}).get(name), digits) for dataset, name, digits in _FIGURES.values()
    ]
    return ["" if score is None else f"{score:.{digits}f}" for score, digits in scores]
