import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from srgan.cluster.attempts import MOST_ATTEMPTS, Attempts
from srgan.cluster.manifest import ROW, list_notes, load, save
from srgan.cluster.work import JOIN, PIECE
from srgan.engines.openvino import OpenVinoEngine
from srgan.jobs.pictures import upscale_file
from srgan.upscaling.upscaler import Upscaler


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest_row(row):
    return {name: row[name] for name in ROW.names}


def test_a_result_is_that_of_one_computer_and_its_row_says_how_it_was_made(
    pictures, work, do, tiny_model, tmp_path
):
    source = pictures("a.png") / "a.png"
    row = do(work(), source, "a.png")
    upscale_file(source, tmp_path / "alone.png", Upscaler(tiny_model, device="cpu", tile=64))
    result = tmp_path / "out" / "a.png"
    assert result.read_bytes() == (tmp_path / "alone.png").read_bytes()
    assert row["status"] == "ok"
    assert row["fresh"]
    assert (row["input_width"], row["input_height"], row["output_width"], row["output_height"]) == (
        30,
        24,
        120,
        96,
    )
    assert (row["input_sha256"], row["output_sha256"]) == (sha256(source), sha256(result))
    assert (row["input_bytes"], row["output_bytes"]) == (source.stat().st_size, result.stat().st_size)
    assert (row["model"], row["model_sha256"]) == ("tiny", sha256(tiny_model))


def again(do, work, source, first):
    return do(work, source, "a.png", earlier=json.dumps(manifest_row(first)))


def test_what_is_there_is_left_alone(pictures, work, do, tmp_path):
    source = pictures("a.png") / "a.png"
    first = do(work(), source, "a.png")
    made = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    second = again(do, work(), source, first)
    assert not second["fresh"]
    assert manifest_row(second) == manifest_row(first)
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == made


@pytest.mark.parametrize("change", ["input", "result", "missing", "options", "overwrite"])
def test_what_changed_is_done_again(change, pictures, work, do, tmp_path, photo):
    source, result = pictures("a.png") / "a.png", tmp_path / "out" / "a.png"
    first = do(work(), source, "a.png")
    whole, orders = result.read_bytes(), work()
    if change == "input":
        Image.fromarray(photo[:, ::-1]).save(source)
    elif change == "result":
        result.write_bytes(whole[:-50])
    elif change == "missing":
        result.unlink()
    elif change == "options":
        orders = work(scale=2)
    else:
        object.__setattr__(orders, "anew", True)
    second = again(do, orders, source, first)
    assert second["fresh"]
    assert second["status"] == "ok"
    assert second["output_sha256"] == sha256(result)
    assert (result.read_bytes() == whole) == (change not in ("input", "options"))


def test_another_model_of_the_same_name_makes_results_anew(pictures, work, do, tiny_pair):
    source = pictures("a.png") / "a.png"
    first = do(work(), source, "a.png")
    tiny_pair.replace(tiny_pair.with_name("tiny.safetensors"))
    assert again(do, work(), source, first)["fresh"]


def test_a_failure_is_a_row_that_names_the_input(pictures, work, do, tmp_path):
    source = pictures("a.png") / "bad.png"
    source.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    row = do(work(), source, "bad.png")
    assert row["status"] == "failed"
    assert str(source) in row["error"]
    assert not (tmp_path / "out" / "bad.png").exists()
    missing = do(work(), source.with_name("none.png"), "none.png")
    assert missing["status"] == "failed"
    assert "none.png" in missing["error"]


def test_what_ended_its_process_too_often_is_given_up(pictures, work, do):
    source, attempts = pictures("a.png") / "a.png", Attempts()
    for _ in range(MOST_ATTEMPTS):
        attempts.begin(f"{source} whole None")  # and no end
    row = do(work(), source, "a.png", attempts)
    assert row["status"] == "failed"
    assert str(MOST_ATTEMPTS) in row["error"]


def test_what_was_done_once_counts_anew(pictures, work, do):
    source, attempts = pictures("a.png") / "a.png", Attempts()
    for _ in range(MOST_ATTEMPTS + 1):
        assert do(work(), source, "a.png", attempts)["status"] == "ok"


def test_rows_of_workers_are_found_though_nobody_collected_them(pictures, work, do):
    folder = pictures("a.png", "b.png")
    rows = [do(work(), folder / name, name) for name in ("a.png", "b.png")]
    dest = work().dest
    assert load(dest) == {row["input"]: manifest_row(row) for row in rows}
    save(dest, load(dest), list_notes(dest))
    assert list_notes(dest) == []
    assert [row["output"] for row in load(dest).values()] == ["a.png", "b.png"]


def test_the_result_belongs_to_the_input_that_had_it_last(pictures, work, do):
    folder = pictures("a.png", "b.png")
    rows = [manifest_row(do(work(), folder / name, "one.png")) for name in ("a.png", "b.png")]
    save(work().dest, {row["input"]: row for row in rows}, list_notes(work().dest))
    assert list(load(work().dest)) == [str(folder / "b.png")]


def test_a_film_in_pieces_is_finished_when_it_is_joined(work, do, ffmpeg, monkeypatch, tmp_path):
    source, orders = tmp_path / "film.mkv", work()
    monkeypatch.setattr(OpenVinoEngine, "precision_for", lambda _, dtype: f"for {np.dtype(dtype)}")
    deep = ["-c:v", "libx264", "-pix_fmt", "yuv420p10le"]
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x24:r=25:d=11", *deep, source)
    begun = do(orders, source, "film.mkv")
    pieces = [
        do(orders, source, "film.mkv", kind=PIECE, film=begun["film"], piece=number)
        for number in range(begun["pieces"])
    ]
    assert [row["status"] for row in (begun, *pieces)] == ["ok"] * 3
    assert load(orders.dest) == {}
    for _ in range(2):  # whoever joins it may be killed before anybody hears that it is done
        row = do(orders, source, "film.mkv", kind=JOIN, film=begun["film"])
        assert (row["status"], row["frames"], row["precision"]) == ("ok", 275, "for uint16")
        assert load(orders.dest) == {str(source): manifest_row(row)}


def test_who_makes_the_last_piece_joins_them_all(work, do, ffmpeg, tmp_path):
    source, orders, attempts = tmp_path / "film.mkv", work(), Attempts()
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x24:r=25:d=11", source)
    begun = do(orders, source, "film.mkv")

    def piece(number):
        return do(orders, source, "film.mkv", attempts, kind=PIECE, film=begun["film"], piece=number)

    for number in (1, 1):  # its worker may be killed before anybody hears of it
        assert piece(number)["film"] == begun["film"]
        assert load(orders.dest) == {}
    for _ in range(2):
        row = piece(0)
        assert (row["status"], row["film"], row["frames"]) == ("ok", None, 275)
        assert load(orders.dest) == {str(source): manifest_row(row)}
    assert piece(1)["film"] == begun["film"]


def test_a_piece_that_fails_is_no_finished_input(pictures, work, do):
    source = pictures("a.png") / "a.png"
    row = do(work(), source, "a.mkv", kind=PIECE, film="none", piece=0)
    assert row["status"] == "failed"
    assert load(work().dest) == {}


def test_another_programs_network_travels_with_its_second_file(tmp_path):
    from srgan.cluster.model_files import ModelFiles

    (tmp_path / "net.param").write_text("7767517\n")
    (tmp_path / "net.bin").write_bytes(b"weights")
    files = ModelFiles.of(tmp_path / "net.bin")
    path = files.unpacked(tmp_path / "elsewhere")
    assert path == str(tmp_path / "elsewhere" / "net.param")
    assert (tmp_path / "elsewhere" / "net.bin").read_bytes() == b"weights"


def test_a_model_travels_with_its_fidelity_sibling(tiny_pair, tmp_path):
    from srgan.cluster.model_files import ModelFiles

    path = ModelFiles.of(tiny_pair).unpacked(tmp_path / "elsewhere")
    with Upscaler(path, device="cpu", detail=0.5) as upscaler:
        assert upscaler.card.name == "detailed"
