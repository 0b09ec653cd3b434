"""Verification figures against SciPy, by hand, and by what random scores must give."""

import math

import numpy as np
import pytest
import scipy.stats

from srgan.metrics.verification import correct_by_folds, roc, verification_figures


@pytest.fixture(scope="module")
def pairs():
    random = np.random.default_rng(1)
    same = np.arange(600) % 2 == 0
    # Rounded, so that some are equal.
    return np.round(random.normal(size=600) + 2 * same, 1), same


def test_the_area_is_the_mann_whitney_statistic(pairs):
    scores, same = pairs
    statistic = scipy.stats.mannwhitneyu(scores[same], scores[~same]).statistic
    assert roc(scores, same).auc == pytest.approx(statistic / (300 * 300))


def test_the_curve_is_the_shares_of_accepted_pairs(pairs):
    scores, same = pairs
    curve = roc(scores, same)
    assert (curve.false_accepts[0], curve.true_accepts[0]) == (0, 0)
    assert (curve.false_accepts[-1], curve.true_accepts[-1]) == (1, 1)
    for threshold, far, tar in zip(curve.thresholds, curve.false_accepts, curve.true_accepts, strict=True):
        assert far == pytest.approx((scores[~same] >= threshold).mean())
        assert tar == pytest.approx((scores[same] >= threshold).mean())
    # With 300 different pairs, 1 % are three.
    third = np.sort(scores[~same])[-3]
    above = scores[~same] >= third
    expected = third if above.sum() <= 3 else np.min(scores[scores > third])
    assert curve.true_accepts_at(0.01) == pytest.approx((scores[same] >= expected).mean())


def test_each_fold_is_judged_by_the_threshold_of_the_others():
    # One different pair of every ten scores above all: only in its own fold does its threshold not know it.
    same = np.array([True, False] * 50)
    scores = np.where(same, 1.0, 0.0)
    assert correct_by_folds(scores, same).all()
    scores[1] = 5.0
    correct = correct_by_folds(scores, same)
    assert not correct[1]
    assert correct.sum() == 99


def test_random_scores_are_right_half_the_time():
    random = np.random.default_rng(0)
    same = np.arange(4000) % 2 == 0
    figures = verification_figures(random.normal(size=4000), same)
    assert figures["auc"] == pytest.approx(0.5, abs=0.03)
    assert figures["accuracy"] == pytest.approx(0.5, abs=0.03)
    assert figures["tar_at_far_0.01"] == pytest.approx(0.01, abs=0.01)


def test_intervals_are_those_of_theory(pairs):
    scores, same = pairs
    figures = verification_figures(scores, same)
    for name in ("auc", "accuracy", "tar_at_far_0.01"):
        assert figures[f"{name}_low"] < figures[name] < figures[f"{name}_high"]
    deviation = math.sqrt(figures["accuracy"] * (1 - figures["accuracy"]) / 600)
    assert figures["accuracy_high"] - figures["accuracy_low"] == pytest.approx(2 * 1.96 * deviation, rel=0.2)


def test_a_rate_that_the_pairs_cannot_show_has_no_figure(pairs):
    figures = verification_figures(*pairs)
    assert math.isnan(figures["tar_at_far_0.001"])
    assert math.isnan(figures["tar_at_far_0.001_low"])
    assert not math.isnan(figures["tar_at_far_0.01"])
