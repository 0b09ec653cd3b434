"""What an exported file says about its network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from srgan.networks.network import Network, load_network


def open_network(model: str | Path, detail: float | None, denoise: float | None) -> Network:
    """Returns a network with the card that its exported file will have.

    Args:
        model: as :func:`~srgan.networks.network.load_network` takes it.
        detail: as there; a blend's card has no figures, since they were not measured on it.
        denoise: as there.

    Raises:
        UsageError: as there.
        ModelError: as there.
    """
    network = load_network(model, detail, denoise)
    card = network.card
    shares = (("detail", detail, card.fidelity), ("denoise", denoise, card.grain))
    words = [
        f"Blended with {sibling}: {name} {share:g}." for name, share, sibling in shares if share is not None
    ]
    if not words:
        return network
    summary = " ".join(filter(None, (card.summary, *words)))
    return replace(network, card=replace(card, summary=summary, figures={}, figures_command=""))


def facts(network: Network, largest_difference: float) -> dict[str, str]:
    """Returns what a file says about itself, for programs that run it.

    ``card`` is the card as JSON; ``scale``, ``halo``, ``border`` and ``multiple`` are those of
    :class:`~srgan.networks.info.NetworkInfo`; ``padding`` is how pictures are extended at their borders, as
    ``numpy.pad`` calls it.

    Args:
        network: what is in the file.
        largest_difference: from srgan's own result, in levels of 255.
    """
    info = network.info
    return {
        "card": network.card.to_json(),
        "scale": str(info.scale),
        "halo": str(info.halo),
        "border": str(info.halo if info.border is None else info.border),
        "multiple": str(info.multiple),
        "padding": "symmetric" if info.repeats_edge else "reflect",
        "largest_difference": f"{largest_difference:.3g}",
    }
