"""Objects in a store that speaks S3, which the test starts."""

import json

from srgan.cluster.manifest import ROW, list_notes, load, save
from srgan.cluster.sources import find_items
from srgan.cluster.storage import Place


def items(source, dest, *, recursive=False):
    found = find_items(source, Place.of(dest), extension=None, recursive=recursive, tell=lambda _: None)
    return {item.input: item.output for item in found}


def test_objects_are_enlarged_as_files_are(store, pictures, work, do, tmp_path):
    folder = pictures("a.png", "deep/b.jpg", "notes.png")
    (folder / "notes.txt").write_text("no picture")
    for path in folder.rglob("*.*"):
        store.client.upload_file(str(path), "bucket", f"in/{path.relative_to(folder)}")
    source, dest = store.address("in"), store.address("out")
    assert set(items(source, dest).values()) == {"a.png", "notes.png"}
    assert items(store.address("in/*/*.jpg"), dest) == {store.address("in/deep/b.jpg"): "deep/b.jpg"}
    assert items(store.address("in/a.png"), dest) == {store.address("in/a.png"): "a.png"}
    tasks = items(source, dest, recursive=True)
    assert set(tasks.values()) == {"a.png", "notes.png", "deep/b.jpg"}
    rows = {name: do(work(dest), name, output) for name, output in tasks.items()}
    for name, output in tasks.items():
        do(work(), folder / name.split("/in/")[1].partition("?")[0], output)
        made = store.client.get_object(Bucket="bucket", Key=f"out/{output}")["Body"].read()
        assert made == (tmp_path / "out" / output).read_bytes()
    save(Place.of(dest), load(Place.of(dest)), list_notes(Place.of(dest)))
    made = {key for key in store.keys("out/") if not key.endswith("/")}  # Arrow marks folders
    assert made == {"out/manifest.parquet", *(f"out/{name}" for name in tasks.values())}
    known = load(Place.of(dest))
    assert known == {name: {key: row[key] for key in ROW.names} for name, row in rows.items()}
    for name, output in tasks.items():
        assert not do(work(dest), name, output, earlier=json.dumps(known[name]))["fresh"]
    store.client.delete_object(Bucket="bucket", Key="out/a.png")
    name = store.address("in/a.png")
    assert do(work(dest), name, "a.png", earlier=json.dumps(known[name]))["fresh"]
    assert "out/a.png" in store.keys("out/")


def test_an_object_that_is_not_there_is_a_failure_that_names_it(store, work, do):
    row = do(work(store.address("out")), store.address("in/none.png"), "none.png")
    assert row["status"] == "failed"
    assert "bucket/in/none.png" in row["error"]


def test_what_arrow_does_not_know_is_reached_through_fsspec(store, monkeypatch, tmp_path):
    endpoint = store.query.split("endpoint_override=")[1].partition("&")[0]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{endpoint}")
    (tmp_path / "a.txt").write_bytes(b"content" * 300_000)
    place = Place.of("s3a://bucket/deep/a.txt")
    place.put(tmp_path / "a.txt")
    assert store.keys() == ["deep/a.txt"]
    assert place.read() == b"content" * 300_000
    assert list(Place.of("s3a://bucket/deep").below()) == [("a.txt", 2_100_000)]
    place.remove()
    place.remove()
    assert not place.exists()
