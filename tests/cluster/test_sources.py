import pyarrow as pa
import pytest
from pyarrow import parquet

from srgan.cluster.sources import find_items
from srgan.cluster.storage import Place
from srgan.errors import DataError, UsageError


def outputs(source, dest, *, recursive=False, extension=None):
    items = find_items(
        str(source), Place.of(str(dest)), extension=extension, recursive=recursive, tell=lambda _: None
    )
    return {item.input: item.output for item in items}


def test_a_folder_and_a_pattern_are_named_as_srgan_upscale_does(pictures, tmp_path):
    folder = pictures("a.png", "a.bmp", "b.jpg", "deep/c.png")
    names = {"a.png": "a.png.png", "a.bmp": "a.bmp.png", "b.jpg": "b.jpg"}
    expected = {str(folder / name): output for name, output in names.items()}
    assert outputs(folder, tmp_path / "out") == expected
    deep = {str(folder / "deep" / "c.png"): "deep/c.png"}
    assert outputs(folder, tmp_path / "out", recursive=True) == expected | deep
    assert outputs(folder / "*.jpg", tmp_path / "out") == {str(folder / "b.jpg"): "b.jpg"}
    assert outputs(folder.as_uri() + "/b.jpg", "s3://bucket/x", extension=".webp") == {
        str(folder / "b.jpg"): "b.webp"
    }


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_manifest_mirrors_the_folders_below_the_common_one(kind, pictures, tmp_path):
    folder = pictures("one/a.png", "two/a.png")
    manifest = folder / f"list.{kind}"
    uris = ["one/a.png", (folder / "two" / "a.png").as_uri(), "one/a.png"]
    if kind == "csv":
        manifest.write_text("id,uri\n" + "".join(f"{number},{uri}\n" for number, uri in enumerate(uris)))
    else:
        parquet.write_table(pa.table({"id": [0, 1, 2], "uri": uris}), manifest)
    assert outputs(manifest, tmp_path / "out") == {
        str(folder / "one" / "a.png"): "one/a.png",
        str(folder / "two" / "a.png"): "two/a.png",
    }


def test_manifests_that_say_nothing_are_refused(tmp_path):
    (tmp_path / "list.csv").write_text("file\na.png\n")
    with pytest.raises(DataError, match="uri"):
        outputs(tmp_path / "list.csv", tmp_path / "out")
    (tmp_path / "list.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"list\.parquet"):
        outputs(tmp_path / "list.parquet", tmp_path / "out")
    with pytest.raises(DataError, match=r"none\.csv"):
        outputs(tmp_path / "none.csv", tmp_path / "out")


def test_an_input_is_never_overwritten(pictures, tmp_path):
    folder = pictures("a.png")
    with pytest.raises(UsageError, match=r"a\.png"):
        outputs(folder, folder)
    (tmp_path / "list.csv").write_text(f"uri\n{folder / 'a.png'}\n")
    with pytest.raises(UsageError, match=r"a\.png"):
        outputs(tmp_path / "list.csv", folder)


def test_addresses_without_a_bucket_or_a_store_are_refused():
    with pytest.raises(UsageError, match="bucket"):
        Place.of("s3:///a.png")
    with pytest.raises(UsageError, match="nowhere"):
        Place.of("nowhere://bucket/a.png").exists()
