"""What an exported file says of its network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from srgan.networks.network import Network, load_network


def open_network(model: str | Path, detail: float | None) -> Network:
    """Returns a network as its file will say it is.

    Args:
        model: as :func:`~srgan.networks.network.load_network` takes it.
        detail: likewise; of a blend the card keeps no figures, for they were not measured on it.

    Raises:
        UsageError: as there.
        ModelError: as there.
    """
    network = load_network(model, detail)
    if detail is None:
        return network
    summary = f"{network.card.summary} Blended with {network.card.fidelity}: detail {detail:g}.".strip()
    return replace(network, card=replace(network.card, summary=summary, figures={}, figures_command=""))


def facts(network: Network, largest_difference: float) -> dict[str, str]:
    """Returns what a file says of itself, for programs that run it.

    ``card`` is the card as JSON; ``scale``, ``halo``, ``border`` and ``multiple`` are those of
    :class:`~srgan.networks.info.NetworkInfo`; ``padding`` is how pictures go on beyond their borders, as
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
