import time

import pyarrow.parquet
import pytest

from srgan.cluster.manifest import MANIFEST, ROW, Rows, list_notes, load, note, read_notes, save
from srgan.cluster.storage import Place


def row(name, **facts):
    return {**dict.fromkeys(ROW.names), "input": str(name), "output": "a.png", "status": "ok", **facts}


@pytest.mark.parametrize("stands_still", [False, True])
def test_notes_are_read_in_the_order_in_which_they_were_made(stands_still, monkeypatch, tmp_path):
    dest, source = Place.of(str(tmp_path / "out")), tmp_path / "a.png"
    if stands_still:  # workers may note at one moment: none replaces another's
        monkeypatch.setattr(time, "time_ns", lambda: 1)
    for number in range(20):
        note(dest, [row(source, frames=number)])
    frames = [row["frames"] for row in read_notes(dest, list_notes(dest))]
    assert sorted(frames) == list(range(20))
    if not stands_still:
        assert frames == list(range(20))
        assert load(dest)[str(source)]["frames"] == 19


def test_a_note_that_is_newer_than_the_manifest_has_the_result(tmp_path):
    dest = Place.of(str(tmp_path / "out"))
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    save(dest, {str(first): row(first)}, [])
    note(dest, [row(second)])
    note(dest, [row(first)])
    save(dest, load(dest), list_notes(dest))
    assert list(load(dest)) == [str(first)]


def test_the_last_row_of_an_input_counts_and_what_repeats_is_held_once():
    rows = Rows([row("a", options="".join(["{", "}"])), row("b", options="".join(["{", "}"]))])
    rows.add([row("a", frames=2, options="{}")])
    assert list(rows.values()) == [row("b", options="{}"), row("a", frames=2, options="{}")]
    assert rows["a"]["options"] is rows["b"]["options"]


def test_more_rows_than_are_written_at_once_are_kept(monkeypatch, tmp_path):
    monkeypatch.setattr("srgan.cluster.manifest._GROUP", 3)
    dest = Place.of(str(tmp_path / "out"))
    rows = [row(tmp_path / f"{number}.png", output=f"{number}.png") for number in range(8)]
    save(dest, Rows(reversed(rows)), [])
    assert list(load(dest).values()) == rows


def test_inputs_and_results_may_move_together(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    address = "s3://bucket/a.png"
    rows = {name: row(name, output=name[-5:]) for name in (str(old / "in" / "1.png"), address)}
    save(Place.of(str(old / "out")), rows, [])
    note(Place.of(str(old / "out")), [row(old / "in" / "2.png", output="2.png")])
    old.rename(new)
    listed = pyarrow.parquet.read_table(new / "out" / MANIFEST)["input"].to_pylist()
    assert sorted(listed) == ["../in/1.png", address]
    moved = {str(new / "in" / "1.png"), str(new / "in" / "2.png"), address}
    assert load(Place.of(str(new / "out"))).keys() == moved


def test_what_a_killed_worker_left_half_written_is_no_note(tmp_path):
    dest, source = Place.of(str(tmp_path / "out")), tmp_path / "a.png"
    note(dest, [row(source)])
    folder = next((tmp_path / "out").rglob("*.parquet")).parent
    (folder / ".srgan-0-1.lock").touch()
    (folder / ".srgan-0-1.part").write_bytes(b"PAR1")
    assert load(dest) == {str(source): row(source)}
