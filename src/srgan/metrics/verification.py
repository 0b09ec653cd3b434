"""How well scores tell pairs of the same person from others: ROC, accuracy over folds, intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 10
_RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Roc:
    """The receiver operating characteristic, from accepting nothing to accepting all.

    Attributes:
        thresholds: descending scores; a pair is accepted from its threshold on. The first is infinite.
        false_accepts: share of different pairs that are accepted.
        true_accepts: share of same pairs that are accepted.
    """

    thresholds: NDArray[np.float64]
    false_accepts: NDArray[np.float64]
    true_accepts: NDArray[np.float64]

    @property
    def auc(self) -> float:
        """Area under the curve: how often a same pair scores above a different one, ties counting half."""
        return float(np.trapezoid(self.true_accepts, self.false_accepts))

    def true_accepts_at(self, false_accepts: float) -> float:
        """Returns the largest share of true accepts with at most this share of false ones."""
        return float(self.true_accepts[self.false_accepts <= false_accepts].max())


def roc(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> Roc:
    """Returns the ROC of pairs; equal scores are accepted together.

    Args:
        scores: (n,), higher for more alike.
        same: (n,), with at least one of each kind.
    """
    order = np.argsort(-scores, kind="stable")
    scores, same = scores[order], same[order]
    last = np.append(scores[1:] != scores[:-1], True)
    return Roc(
        thresholds=np.append(np.inf, scores[last]),
        false_accepts=np.append(0.0, np.cumsum(~same)[last] / (~same).sum()),
        true_accepts=np.append(0.0, np.cumsum(same)[last] / same.sum()),
    )


def correct_by_folds(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns which pairs are judged correctly, each fold by the best threshold of the others.

    Pairs of each kind go to the folds in turn, as in the protocol of LFW.

    Args:
        scores: (n,), higher for more alike.
        same: (n,), with at least two of each kind.

    Returns:
        (n,); the mean is the verification accuracy.
    """
    fold = np.zeros(len(same), np.intp)
    for kind in (True, False):
        fold[same == kind] = np.arange((same == kind).sum()) % FOLDS
    correct = np.zeros(len(same), np.bool_)
    for number in range(FOLDS):
        here = fold == number
        correct[here] = (scores[here] >= _best_threshold(scores[~here], same[~here])) == same[here]
    return correct


def _best_threshold(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Returns the point half-way between the scores that the most accurate decision lies between."""
    curve = roc(scores, same)
    right = curve.true_accepts * same.sum() + (1 - curve.false_accepts) * (~same).sum()
    best = int(right.argmax())
    if best == 0 or best == len(right) - 1:
        return float(curve.thresholds[best])
    return float(curve.thresholds[best] + curve.thresholds[best + 1]) / 2


def verification_figures(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> dict[str, float]:
    """Returns accuracy, AUC and true accepts at 1 % and 0.1 % false ones, each with a 95 % interval.

    The intervals are the 2.5 and 97.5 percentiles of 1,000 resamples (Efron 1979) of the pairs, of each kind
    as many as there are.

    Args:
        scores: (n,), higher for more alike.
        same: (n,), with at least two of each kind.

    Returns:
        ``accuracy``, ``auc``, ``tar_at_far_0.01`` and ``tar_at_far_0.001``, in 0..1, with ``_low`` and
        ``_high`` for the interval; nan where so few pairs differ that one false accept is more than that.
    """
    correct = correct_by_folds(scores, same)
    random = np.random.default_rng(0)
    kinds = [np.flatnonzero(same), np.flatnonzero(~same)]
    figures = _figures(scores, same, correct)
    resampled = []
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([random.choice(kind, len(kind)) for kind in kinds])
        resampled.append(_figures(scores[drawn], same[drawn], correct[drawn]))
    for name in list(figures):
        figures[f"{name}_low"], figures[f"{name}_high"] = map(
            float, np.percentile([figure[name] for figure in resampled], (2.5, 97.5))
        )
    return figures


def _figures(
    scores: NDArray[np.float64], same: NDArray[np.bool_], correct: NDArray[np.bool_]
) -> dict[str, float]:
    curve = roc(scores, same)
    figures = {"accuracy": float(correct.mean()), "auc": curve.auc}
    for far in (0.01, 0.001):
        enough = (~same).sum() * far >= 1
        figures[f"tar_at_far_{far}"] = curve.true_accepts_at(far) if enough else math.nan
    return figures
