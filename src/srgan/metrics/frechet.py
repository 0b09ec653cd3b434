"""The Fréchet distance of two sets of features, as in FID (Heusel et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def frechet_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Computes the squared Fréchet distance of the normal distributions with the sets' means and covariances.

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
    one, two = _root(first), _root(second)
    # With the covariances as one' one and two' two, the trace of their product's root is the sum of the
    # singular values of one two': exact also where there are fewer pictures than features.
    common = np.linalg.svd(one @ two.T, compute_uv=False).sum()
    return float(max(0.0, means @ means + (one**2).sum() + (two**2).sum() - 2 * common))


def _root(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a matrix that gives the features' covariance when it is multiplied with itself transposed."""
    root: NDArray[np.float64] = np.linalg.qr(features - features.mean(axis=0)).R
    return root / math.sqrt(len(features) - 1)
