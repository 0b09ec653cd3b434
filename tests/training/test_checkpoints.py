import pytest
import torch

from srgan.errors import RunError
from srgan.training.checkpoints import load_checkpoint, load_newest_checkpoint, save_checkpoint


def test_the_newest_are_kept_and_the_newest_is_loaded(tmp_path):
    for step in (2, 5, 10, 15):
        save_checkpoint(tmp_path, step, {"step": step, "weights": torch.arange(3)}, keep=3)
    assert len(list(tmp_path.iterdir())) == 3
    assert load_newest_checkpoint(tmp_path)["step"] == 15


def test_none_yet(tmp_path):
    assert load_newest_checkpoint(tmp_path) is None


def test_a_damaged_newest_falls_back_with_a_warning(tmp_path):
    for step in (1, 2):
        save_checkpoint(tmp_path, step, {"step": step, "weights": torch.arange(999)}, keep=3)
    newest = tmp_path / "step-00000002.pt"
    newest.write_bytes(newest.read_bytes()[:500])
    with pytest.warns(UserWarning, match=r"step-00000002\.pt: damaged checkpoint"):
        assert load_newest_checkpoint(tmp_path)["step"] == 1


def test_all_damaged_is_an_error_that_loses_nothing(tmp_path):
    (tmp_path / "step-00000002.pt").write_bytes(b"")
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(RunError, match="none of the 1"):
        load_newest_checkpoint(tmp_path)
    assert (tmp_path / "step-00000002.pt").exists()


def test_a_pickle_that_would_execute_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    torch.save({"step": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(RunError, match="damaged checkpoint"):
        load_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "executed").exists()


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(RunError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
