"""The game between generator and discriminator (arXiv 1609.04802, section 2.2.2), on logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def generator_loss(logits: Tensor) -> Tensor:
    """Computes the binary cross-entropy of generated pictures' logits against "true": -log D(G(x))."""
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def discriminator_loss(true_logits: Tensor, generated_logits: Tensor, generated_labels: Tensor) -> Tensor:
    """Returns the mean binary cross-entropy of both sides.

    Args:
        true_logits: verdicts on ground-truth pictures; their label is 1.
        generated_logits: verdicts on generated pictures, (N, ...).
        generated_labels: one label a picture, (N,), in [0, 1]; see :func:`draw_labels`.
    """
    labels = generated_labels.view(-1, *[1] * (generated_logits.ndim - 1)).expand_as(generated_logits)
    return 0.5 * (
        F.binary_cross_entropy_with_logits(true_logits, torch.ones_like(true_logits))
        + F.binary_cross_entropy_with_logits(generated_logits, labels)
    )


def relativistic_loss(better_logits: Tensor, worse_logits: Tensor) -> Tensor:
    """Computes -log sigmoid(D(a) - D(b)), for crops a that should rank above crops b (arXiv 1807.00734).

    With ``a`` true and ``b`` generated it is the discriminator's loss, the other way round the generator's.
    Each crop is compared with its own counterpart, place by place, so the picture's content cancels out: a
    discriminator sees the difference within tens of steps.
    """
    return F.softplus(worse_logits - better_logits).mean()


def draw_labels(number: int, mean: float, deviation: float, random: torch.Generator) -> Tensor:
    """Returns labels of generated pictures, (number,): normal around ``mean``, clipped to [0, 1].

    Labels slightly above zero keep the discriminator from becoming overconfident.
    """
    return torch.normal(mean, deviation, (number,), generator=random).clamp_(0, 1)
