"""NIQE's model as a file: what was written, what others wrote, and what is no model."""

import numpy as np
import pytest

from srgan.errors import DataError, OutputError
from srgan.evaluation.niqe_file import read_niqe_model, write_niqe_model
from srgan.metrics.niqe import FEATURES, NiqeModel


@pytest.fixture
def model():
    random = np.random.default_rng(0)
    return NiqeModel(mean=random.normal(size=FEATURES), covariance=random.normal(size=(FEATURES, FEATURES)))


def test_a_model_comes_back_as_it_was(tmp_path, model):
    write_niqe_model(tmp_path / "a.npz", model)
    again = read_niqe_model(tmp_path / "a.npz")
    assert np.array_equal(again.mean, model.mean)
    assert np.array_equal(again.covariance, model.covariance)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_the_file_has_the_names_and_shapes_that_others_read(tmp_path, model):
    write_niqe_model(tmp_path / "a.npz", model)
    with np.load(tmp_path / "a.npz") as arrays:
        shapes = {name: arrays[name].shape for name in arrays}
    assert shapes == {"mu_pris_param": (1, 36), "cov_pris_param": (36, 36)}


def test_what_is_no_model_is_one_line(tmp_path, model):
    with pytest.raises(DataError, match=r"gone\.npz: no such NIQE model"):
        read_niqe_model(tmp_path / "gone.npz")
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", mu_pris_param=np.zeros((1, 36)))
    np.savez(tmp_path / "small.npz", mu_pris_param=np.zeros((1, 36)), cov_pris_param=np.zeros((35, 36)))
    np.save(tmp_path / "array.npy", np.zeros(3))
    write_niqe_model(tmp_path / "cut.npz", model)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:3000])
    for name in ("text.npz", "other.npz", "small.npz", "array.npy", "cut.npz"):
        with pytest.raises(DataError, match=f"{name}: is not a NIQE model") as caught:
            read_niqe_model(tmp_path / name)
        assert "\n" not in str(caught.value)
    np.savez(tmp_path / "nan.npz", mu_pris_param=np.full(36, np.nan), cov_pris_param=np.zeros((36, 36)))
    with pytest.raises(DataError, match="not finite"):
        read_niqe_model(tmp_path / "nan.npz")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, model):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        write_niqe_model(tmp_path / "folder", model)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(OutputError):
        write_niqe_model(tmp_path / "gone" / "a.npz", model)
