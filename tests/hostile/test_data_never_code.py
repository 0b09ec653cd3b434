"""What comes from elsewhere is data: the source has nothing that could execute it, or fetch it unchecked."""

import ast
import io
import pickle
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import srgan
from srgan.datasets.prepare import PrepareOptions, prepare
from srgan.errors import ModelError
from srgan.export.runtime import _FILES as FETCHED_BY_NPM
from srgan.networks.weights import read_tensors

SOURCE = Path(srgan.__file__).parent
TREES = {
    path.relative_to(SOURCE): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")
}
NAMES = {"eval", "exec", "compile", "__import__", "execfile"}
CALLS = {
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *(
        "pickle.load",
        "pickle.loads",
        "marshal.load",
        "marshal.loads",
        "shelve.open",
        "yaml.load",
        "joblib.load",
    ),
    *("shutil.unpack_archive", "urllib.request.urlopen", "urllib.request.urlretrieve"),
}


def calls():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield (
                    path,
                    ast.unparse(node.func),
                    {word.arg: ast.unparse(word.value) for word in node.keywords},
                )


def test_the_walk_sees_calls():
    assert len(TREES) > 150
    assert sum(name == "subprocess.run" for _, name, _ in calls()) >= 2


def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell():
    for path, name, words in calls():
        assert name not in NAMES | CALLS, f"{path}: {name}"
        assert words.get("shell", "False") == "False", f"{path}: {name} with a shell"
        assert not name.endswith((".extract", ".extractall")), f"{path}: {name} writes where an archive says"
        if name.endswith("torch.load"):
            assert words.get("weights_only") == "True", f"{path}: {name} without weights_only"
        if name in ("np.load", "numpy.load"):
            assert words.get("allow_pickle", "False") == "False", f"{path}: {name} with pickles"


def test_the_only_unpickler_is_the_one_that_knows_tensors_alone():
    users = {
        path.as_posix()
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("pickle.Unpickler", "pickle._Unpickler")
    }
    assert users == {"networks/torch_file.py"}


def test_downloads_are_https_with_a_sum():
    fetching = [
        (path, name, words) for path, name, words in calls() if "download_url" in name or "urlopen" in name
    ]
    assert [(path.as_posix(), name) for path, name, _ in fetching] == [
        ("training/networks/features.py", "torch.hub.download_url_to_file")
    ]
    assert all("hash_prefix" in words for _, _, words in fetching)
    for path in TREES:
        for address in re.findall(r"http://[^\s\"'`)>]+", (SOURCE / path).read_text(encoding="utf-8")):
            # names of things, pages for people, and this computer; nothing of it is fetched
            assert re.match(r"http://(www\.w3\.org|ns\.|vis-www|localhost|\{)", address), f"{path}: {address}"
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in FETCHED_BY_NPM.values())


class Harmful:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_calls_something_calls_nothing(tmp_path, capsys, protocol):
    (tmp_path / "a.pth").write_bytes(b"\x80\x02" + pickle.dumps(Harmful(), protocol))
    with pytest.raises(ModelError):
        read_tensors(tmp_path / "a.pth")
    assert "executed" not in capsys.readouterr().out


def picture():
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "png")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name", ["../out.png", "/tmp/out-of-archive.png", "a/../../out.png", "..\\out.png", "C:\\out.png"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_cannot_leave_its_folder(tmp_path, name, kind):
    """Whatever its members are called; links in it lead nowhere."""
    archive, content = tmp_path / f"a.{kind}", picture()
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr(name, content)
            out.writestr("inside.png", content)
    else:
        with tarfile.open(archive, "w") as out:
            for member in (name, "inside.png"):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                out.addfile(info, io.BytesIO(content))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            out.addfile(link)
    (tmp_path / "work").mkdir()
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    prepare(archive, tmp_path / "work" / "set", PrepareOptions(min_size=100, crop=96))
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert made
    assert all(path.is_relative_to(tmp_path / "work" / "set") for path in made)
    assert not Path("/tmp/out-of-archive.png").exists()
    assert not any(path.is_symlink() for path in (tmp_path / "work").rglob("*"))
