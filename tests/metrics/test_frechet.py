"""The Fréchet distance against SciPy's root of a matrix, and where it is known."""

import math

import numpy as np
import pytest
import scipy.linalg

from srgan.metrics.frechet import frechet_distance


@pytest.fixture
def features():
    random = np.random.default_rng(0)
    mixing = random.normal(size=(2, 12, 12))
    return [random.normal(size=(200, 12)) @ mixing[number] + number for number in range(2)]


def test_the_distance_is_that_by_scipys_root(features):
    covariances = [np.cov(feature, rowvar=False) for feature in features]
    difference = features[0].mean(axis=0) - features[1].mean(axis=0)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = difference @ difference + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(*features) == pytest.approx(expected, rel=1e-6)


def test_equal_and_shifted_sets(features):
    assert frechet_distance(features[0], features[0]) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(features[0], features[0] + 2) == pytest.approx(12 * 4)
    assert frechet_distance(features[0][:, :1], features[0][:, :1] * 3) == pytest.approx(
        (2 * features[0][:, 0].mean()) ** 2 + (2 * features[0][:, 0].std(ddof=1)) ** 2
    )


def test_fewer_pictures_than_features_still_have_a_distance(features):
    few = [feature[:5] for feature in features]
    one, two = ((each - each.mean(axis=0)) / 2 for each in few)
    roots = np.sqrt(scipy.linalg.eigvals(one @ two.T @ two @ one.T).real.clip(0))
    expected = np.sum((few[0].mean(axis=0) - few[1].mean(axis=0)) ** 2) + np.sum(one**2 + two**2)
    assert frechet_distance(*few) == pytest.approx(expected - 2 * roots.sum(), rel=1e-6)
    assert math.isnan(frechet_distance(features[0][:1], features[1]))
