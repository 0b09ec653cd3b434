"""What comes from elsewhere is data: the source has nothing that could execute it, or fetch it unchecked."""

import ast
import pickle
import re
from pathlib import Path

import pytest

import srgan
from srgan.errors import ModelError
from srgan.export.runtime import _FILES as FETCHED_BY_NPM
from srgan.networks.weights import read_tensors

SOURCE = Path(srgan.__file__).parent
TREES = {
    path.relative_to(SOURCE): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")
}
EXECUTING = {
    *("eval", "exec", "compile", "__import__", "runpy.run_path", "runpy.run_module"),
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("pickle.load", "pickle.loads", "dill.load", "dill.loads", "joblib.load", "shelve.open"),
    *("marshal.load", "marshal.loads"),
    *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load"),
    *("shutil.unpack_archive", "urllib.request.urlopen", "urllib.request.urlretrieve"),
}
"""What executes what it is given, or fetches and unpacks it unchecked."""


def imported_names(tree):
    """What the names that a module imports stand for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                name = each.name if each.asname else each.name.split(".")[0]
                found[each.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def full_name(node, names):
    """A function as it would be written where nothing is imported under another name."""
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}".removeprefix("builtins.")
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ast.unparse(node)


def calls_in(tree):
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            yield full_name(node.func, names), words


def faults_in(tree):
    """What could execute data."""
    names = imported_names(tree)
    mentioned = {
        full_name(node, names) for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))
    }
    yield from (mentioned | set(names.values())) & EXECUTING
    for name, words in calls_in(tree):
        if words.get("shell", "False") != "False":
            yield f"{name} with a shell"
        if name.endswith((".extract", ".extractall")):
            yield f"{name}, which writes where an archive says"
        if name in ("torch.load", "torch.serialization.load") and words.get("weights_only") != "True":
            yield f"{name} without weights_only"
        if name == "numpy.load" and words.get("allow_pickle", "False") != "False":
            yield f"{name} with pickles"


def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell():
    assert len(TREES) > 150
    assert {path.as_posix(): found for path, tree in TREES.items() if (found := list(faults_in(tree)))} == {}


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)",
        "run = exec",
        "import builtins; builtins.eval(text)",
        "__import__(name)",
        "import pickle; pickle.loads(data)",
        "import pickle as p; p.load(file)",
        "from pickle import loads as read",
        "from yaml import load; load(file)",
        "import torch; torch.load(file)",
        "from torch import load; load(file, weights_only=False)",
        "import numpy as np; np.load(file, allow_pickle=True)",
        "from numpy import load; load(file, allow_pickle=is_old)",
        "from os import system",
        "import subprocess; subprocess.run(line, shell=True)",
        "archive.extractall()",
    ],
)
def test_code_that_executes_data_is_found(code):
    assert list(faults_in(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import re; re.compile(text)",
        "network.eval()",
        "import torch; torch.load(file, weights_only=True)",
        "import numpy as np; np.load(file); np.load(file, allow_pickle=False)",
        "import subprocess; subprocess.run(words)",
        "import yaml; yaml.safe_load(file)",
    ],
)
def test_code_that_reads_data_is_not(code):
    assert not list(faults_in(ast.parse(code)))


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
        (path.as_posix(), name, words)
        for path, tree in TREES.items()
        for name, words in calls_in(tree)
        if "download_url" in name
    ]
    assert [(path, name) for path, name, _ in fetching] == [
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
