"""The Fréchet distance of two sets of features, as in FID (Heusel et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def frechet_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The squared Fréchet distance of the normal distributions with the sets' means and covariances.

    Args:
        first: (n, d), the features of n pictures.
        second: (m, d).

    Returns:
        At least 0; nan if a set has fewer than two pictures. With fewer pictures than features it is far too
        large, more so the fewer there are.
    """
    if min(len(first), len(second)) < 2:
        return math.nan
    means = first.mean(axis=0) - second.mean(axis=0)
    one, two = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (first, second))
    # The trace of the root of a product of covariances is that of a symmetric matrix like it.
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    common = np.sqrt(np.linalg.eigvalsh(root @ two @ root).clip(0)).sum()
    return float(max(0.0, means @ means + np.trace(one) + np.trace(two) - 2 * common))
