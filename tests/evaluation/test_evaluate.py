"""Scores against scikit-image; the shape of the report; and a shipped model against its own card."""

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.color
import skimage.metrics
from PIL import Image

from srgan.evaluation.dataset import Dataset
from srgan.evaluation.evaluate import evaluate, lanczos
from srgan.images.resize import bicubic
from srgan.inference.upscaler import Upscaler
from srgan.weights.catalogue import load_card

DATA = Path(os.environ.get("SRGAN_DATA") or Path(__file__).parents[3] / "shared" / "data")

needs_data = pytest.mark.skipif(
    not (DATA / "bench" / "Set5").is_dir(),
    reason="no pictures: set SRGAN_DATA to the folder that holds bench/",
)


def expected_scores(sr_image, hr_image):
    sr, hr = (skimage.color.rgb2ycbcr(image)[4:-4, 4:-4, 0] for image in (sr_image, hr_image))
    return {
        "psnr_y": skimage.metrics.peak_signal_noise_ratio(hr, sr, data_range=255),
        "ssim_y": skimage.metrics.structural_similarity(
            hr, sr, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        ),
    }


def test_scores_are_scikit_images(hr, tiny_model):
    options = {"precision": "fp32", "device": "cpu"}
    enlarge = {
        "bicubic": lambda image: bicubic(image, 4),
        "lanczos": lanczos,
        str(tiny_model): Upscaler(tiny_model, **options).upscale,
    }

    report = evaluate(Dataset(hr), models=[str(tiny_model)], baselines=["bicubic", "lanczos"], **options)

    assert (report["dataset"], report["scale"]) == ("truth", 4)
    assert [result["model"] for result in report["results"]] == list(enlarge)
    for result in report["results"]:
        rows = []
        for sample in Dataset(hr):
            scores = expected_scores(enlarge[result["model"]](sample.lr_image), sample.hr_image)
            rows.append(
                {"name": sample.name, **{key: pytest.approx(scores[key], abs=1e-6) for key in scores}}
            )
        assert result["images"] == rows
        for metric in ("psnr_y", "ssim_y"):
            mean = np.mean([image[metric] for image in result["images"]])
            assert result["mean"][metric] == pytest.approx(mean)


def test_lanczos_is_pillows(hr):
    sample = next(iter(Dataset(hr)))
    image = Image.fromarray(sample.lr_image).resize((48, 40), Image.Resampling.LANCZOS)
    assert np.array_equal(lanczos(sample.lr_image), np.asarray(image))


def test_only_the_metrics_asked_for_are_reported(hr):
    report = evaluate(Dataset(hr), baselines=["bicubic"], metrics=["ssim"])
    (result,) = report["results"]
    assert set(result["mean"]) == {"ssim_y"}
    assert all(set(image) == {"name", "ssim_y"} for image in result["images"])


def test_a_perfect_result_has_no_finite_psnr(tmp_path):
    Image.new("RGB", (24, 24), (90, 90, 90)).save(tmp_path / "flat.png")
    (result,) = evaluate(Dataset(tmp_path), baselines=["bicubic"])["results"]
    assert result["images"] == [{"name": "flat", "psnr_y": None, "ssim_y": pytest.approx(1.0)}]
    assert result["mean"] == {"psnr_y": None, "ssim_y": pytest.approx(1.0)}


def test_progress_counts_pictures(hr):
    calls = []
    evaluate(Dataset(hr), baselines=["bicubic"], report=lambda *call: calls.append(call))
    assert calls == [(1, 2), (2, 2)]


@needs_data
def test_bicubic_scores_what_papers_report_on_set5():
    (result,) = evaluate(Dataset(DATA / "bench" / "Set5"), baselines=["bicubic"], metrics=["psnr"])["results"]
    assert result["mean"]["psnr_y"] == pytest.approx(28.43, abs=0.01)


@pytest.mark.usefixtures("cache")
@needs_data
def test_the_default_model_scores_what_its_card_says_on_set5():
    figures = load_card("srresnet").figures.get("Set5", {})
    if "psnr_y" not in figures:
        pytest.skip("the shipped srresnet has no figures on its card yet")
    (result,) = evaluate(Dataset(DATA / "bench" / "Set5"), models=["srresnet"], metrics=["psnr"])["results"]
    assert result["mean"]["psnr_y"] == pytest.approx(figures["psnr_y"], abs=0.01)
