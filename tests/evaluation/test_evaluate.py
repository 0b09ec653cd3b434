"""Scores against scikit-image; the shape of the report; and a shipped model against its own card."""

import importlib.metadata
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import skimage.color
import skimage.metrics
from PIL import Image

from srgan.errors import UsageError
from srgan.evaluation.dataset import Dataset
from srgan.evaluation.evaluate import evaluate
from srgan.evaluation.methods import lanczos, nearest, open_methods
from srgan.evaluation.metrics import Tools
from srgan.evaluation.onnx_metrics import OnnxFeatures
from srgan.images.resize import bicubic
from srgan.metrics.artifacts import colour_shift, consistency, grid_index
from srgan.metrics.frechet import frechet_distance
from srgan.metrics.niqe import fit_niqe, niqe
from srgan.networks.catalogue import find_model, load_card
from srgan.networks.model_file import file_sha256
from srgan.networks.onnx import OnnxForm
from srgan.upscaling.upscaler import Upscaler

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
        "lanczos": lambda image: lanczos(image, 4),
        str(tiny_model): Upscaler(tiny_model, **options).upscale,
    }

    report = evaluate(Dataset(hr), open_methods([str(tiny_model)], ["bicubic", "lanczos"], **options))

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


def test_only_the_metrics_asked_for_are_reported(hr):
    report = evaluate(Dataset(hr), open_methods([], ["bicubic"]), metrics=["ssim"])
    (result,) = report["results"]
    assert set(result["mean"]) == {"ssim_y"}
    assert all(set(image) == {"name", "ssim_y"} for image in result["images"])


def test_a_perfect_result_has_no_finite_psnr(tmp_path):
    Image.new("RGB", (24, 24), (90, 90, 90)).save(tmp_path / "flat.png")
    (result,) = evaluate(Dataset(tmp_path), open_methods([], ["bicubic"]))["results"]
    assert result["images"] == [{"name": "flat", "psnr_y": None, "ssim_y": pytest.approx(1.0)}]
    assert result["mean"] == {"psnr_y": None, "ssim_y": pytest.approx(1.0)}
    assert result["undefined"] == {}


def test_every_metric_is_that_of_its_function(hr):
    metrics = ["psnr_rgb", "ssim_rgb", "grid_index", "colour_shift", "consistency", "seconds_per_megapixel"]
    (result,) = evaluate(Dataset(hr), open_methods([], ["lanczos"]), metrics=metrics)["results"]
    for sample, image in zip(Dataset(hr), result["images"], strict=True):
        sr_image = lanczos(sample.lr_image, 4)
        expected = {
            "name": sample.name,
            "psnr_rgb": skimage.metrics.peak_signal_noise_ratio(
                sample.hr_image[4:-4, 4:-4], sr_image[4:-4, 4:-4]
            ),
            "grid_index": grid_index(sr_image, period=4),
            "colour_shift": colour_shift(sr_image, sample.hr_image),
            "consistency": consistency(sr_image, sample.lr_image)[0],
            "consistency_mean": consistency(sr_image, sample.lr_image)[1],
        }
        assert {name: image[name] for name in expected} == expected
        assert 0 < image["ssim_rgb"] < 1
        assert image["seconds_per_megapixel"] > 0
        assert len(image) == len(expected) + 2


def test_niqe_needs_its_model(tmp_path):
    coffee = skimage.data.coffee()
    Image.fromarray(coffee[:240, :300]).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="niqe needs a model"):
        evaluate(Dataset(tmp_path), open_methods([], ["bicubic"]), metrics=["niqe"])
    model = fit_niqe(coffee[top:, left:] for top in (0, 31) for left in range(0, 100, 20))
    (result,) = evaluate(
        Dataset(tmp_path), open_methods([], ["bicubic"]), metrics=["niqe"], tools=Tools(niqe=model)
    )["results"]
    (sample,) = Dataset(tmp_path)
    assert result["mean"] == {"niqe": niqe(bicubic(sample.lr_image, 4), model, border=4)}


def test_fid_is_of_all_pictures_together(hr, tmp_path):
    # The network's features are the means of the rows, of each channel.
    kind = onnx.TensorProto.FLOAT
    picture = onnx.helper.make_tensor_value_info("x", kind, [1, 3, "h", "w"])
    node = onnx.helper.make_node("ReduceMean", ["x"], ["y"], axes=[3], keepdims=0)
    output = onnx.helper.make_tensor_value_info("y", kind, None)
    graph = onnx.helper.make_graph([node], "net", [picture], [output])
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), tmp_path / "rows.onnx")
    tools = Tools(fid=OnnxFeatures(tmp_path / "rows.onnx"), files={"fid": "aa"})
    baselines = ["nearest", "bicubic"]
    report = evaluate(Dataset(hr), open_methods([], baselines), metrics=["fid", "psnr"], tools=tools)
    upscale = {"nearest": nearest, "bicubic": bicubic}
    for result in report["results"]:
        made = [upscale[result["model"]](sample.lr_image, 4) for sample in Dataset(hr)]
        sets = [made, [sample.hr_image for sample in Dataset(hr)]]
        features = [np.stack([image.mean(axis=1).T.ravel() / 255 for image in images]) for images in sets]
        assert result["mean"]["fid"] == pytest.approx(frechet_distance(*features), rel=1e-3)
        assert all(set(image) == {"name", "psnr_y"} for image in result["images"])
    assert report["tools"] == {"fid": "aa"}
    (hr / "b.png").unlink()
    (result, _) = evaluate(Dataset(hr), open_methods([], baselines), metrics=["fid"], tools=tools)["results"]
    assert result["mean"] == {"fid": None}


def test_what_a_picture_does_not_have_is_named_and_left_out_of_the_mean(hr):
    Image.new("RGB", (24, 24), (90, 90, 90)).save(hr / "flat.png")
    (result,) = evaluate(Dataset(hr), open_methods([], ["bicubic"]), metrics=["grid_index"])["results"]
    figures = {image["name"]: image["grid_index"] for image in result["images"]}
    assert figures["flat"] is None
    assert result["mean"]["grid_index"] == pytest.approx((figures["a"] + figures["b"]) / 2)
    assert result["undefined"] == {"grid_index": ["flat"]}
    for name in ("a", "b"):
        (hr / f"{name}.png").unlink()
    (result,) = evaluate(Dataset(hr), open_methods([], ["bicubic"]), metrics=["grid_index"])["results"]
    assert result["mean"] == {"grid_index": None}


def test_networks_from_elsewhere_get_the_same_inputs(hr, network):
    path = network(added=(51, 0, 0))
    methods = open_methods([str(path)], ["nearest"], onnx=OnnxForm(range="0..255"), precision="fp32")
    report = evaluate(Dataset(hr), methods, metrics=["colour_shift"])
    plain, foreign = (result["mean"]["colour_shift"] for result in report["results"])
    shifts = [
        colour_shift((nearest(sample.lr_image, 4) + np.array([51, 0, 0])).clip(0, 255), sample.hr_image)
        for sample in Dataset(hr)
    ]
    assert plain < 2
    assert foreign == pytest.approx(np.mean(shifts))
    assert report["results"][1]["sha256"] == file_sha256(path)
    assert report["results"][1]["precision"] == "fp32"


@pytest.mark.usefixtures("cache")
def test_the_report_says_what_made_it(hr, tmp_path):
    report = evaluate(
        Dataset(hr), open_methods(["srresnet"], ["bicubic"], precision="fp32"), metrics=["psnr"]
    )
    plain, model = report["results"]
    assert "sha256" not in plain
    assert model["sha256"] == file_sha256(find_model("srresnet"))
    assert (model["engine"], model["precision"], model["device"]) == ("openvino", "fp32", "cpu")
    assert report["version"] == importlib.metadata.version("srgan")
    assert report["machine"]["threads"] >= 1
    assert report["machine"]["processor"]
    assert report["low_res"] == "reduced by bicubic"
    lr = tmp_path / "lr"
    lr.mkdir()
    for sample in Dataset(hr):
        Image.fromarray(sample.lr_image).save(lr / f"{sample.name}.png")
    assert evaluate(Dataset(hr, lr), open_methods([], ["bicubic"]))["low_res"] == "given"


def test_every_picture_and_its_results_are_shown_once_in_order(hr):
    shown = []
    evaluate(
        Dataset(hr),
        open_methods([], ["nearest", "lanczos"]),
        show=lambda *call: shown.append(call),
        metrics=["psnr"],
    )
    assert [sample.name for sample, _ in shown] == ["a", "b"]
    for sample, results in shown:
        assert list(results) == ["nearest", "lanczos"]
        assert np.array_equal(results["nearest"], sample.lr_image.repeat(4, axis=0).repeat(4, axis=1))
        assert np.array_equal(results["lanczos"], lanczos(sample.lr_image, 4))


def test_progress_counts_pictures(hr):
    events = []
    evaluate(Dataset(hr), open_methods([], ["bicubic"]), on_event=events.append)
    assert [(event.done, event.total) for event in events] == [(1, 2), (2, 2)]


@needs_data
def test_bicubic_scores_what_papers_report_on_set5():
    (result,) = evaluate(Dataset(DATA / "bench" / "Set5"), open_methods([], ["bicubic"]))["results"]
    assert result["mean"]["psnr_y"] == pytest.approx(28.42, abs=0.02)
    assert result["mean"]["ssim_y"] == pytest.approx(0.8104, abs=0.001)


@pytest.mark.usefixtures("cache")
@needs_data
def test_the_default_model_scores_what_its_card_says_on_set5():
    figures = load_card("srresnet").figures.get("Set5", {})
    if "psnr_y" not in figures:
        pytest.skip("the shipped srresnet has no figures on its card yet")
    (result,) = evaluate(Dataset(DATA / "bench" / "Set5"), open_methods(["srresnet"], []), metrics=["psnr"])[
        "results"
    ]
    assert result["mean"]["psnr_y"] == pytest.approx(figures["psnr_y"], abs=0.01)


@pytest.mark.parametrize("scale", [2, 3])
def test_scores_are_of_the_models_scale_with_its_border(hr, network, scale):
    methods = open_methods([str(network(scale=scale))], ["nearest"])
    report = evaluate(Dataset(hr, scale=scale), methods, metrics=["psnr"])
    assert report["scale"] == scale
    plain, model = (result["images"] for result in report["results"])
    assert plain == model
    for sample, image in zip(Dataset(hr, scale=scale), plain, strict=True):
        inside = slice(scale, -scale)
        sr, true = (
            skimage.color.rgb2ycbcr(picture)[inside, inside, 0]
            for picture in (nearest(sample.lr_image, scale), sample.hr_image)
        )
        expected = skimage.metrics.peak_signal_noise_ratio(true, sr, data_range=255)
        assert image["psnr_y"] == pytest.approx(expected, abs=1e-6)


def test_pairs_of_another_scale_are_refused(hr, network):
    with pytest.raises(UsageError, match=r"upscales 2x, .* 4x"):
        evaluate(Dataset(hr), open_methods([str(network(scale=2))], []))
