"""Every writer goes through ``files.py``, so that a fault that is injected there meets them all."""

import ast
from pathlib import Path

import srgan

SOURCES = Path(srgan.__file__).parent
THE_WAY = {"disk.py", "files.py", "leftovers.py"}
ALLOWED = {
    ("images/encode.py", "FileIO"): "a pipe, to the encoder's thread",
    ("serve/zipped.py", "ZipFile"): "a pipe, to whoever downloads",
    ("serve/zipped.py", "open"): "likewise",
    ("images/checks.py", "open"): "the null device",
    ("cli/main.py", "os.open"): "the null device",
    ("evaluation/embed.py", "save"): "memory",
    ("images/jpeg_quality.py", "save"): "memory",
    ("datasets/examine.py", "save"): "memory",
    ("training/log.py", "save"): "memory",
    ("evaluation/niqe_file.py", "np.savez"): "memory",
    ("training/checkpoints.py", "torch.save"): "memory",
    ("training/log.py", "SummaryWriter"): "TensorBoard's own files, for watching only",
    ("serve/store.py", "sqlite3.connect"): "SQLite keeps its own promise",
    ("serve/workshop.py", "save"): "the store's record, in SQLite",
    ("engines/cache.py", "FileLock"): "a lock, which stays; OpenVINO writes what it guards",
    ("bench/speed.py", "save"): "into a temporary folder",
    ("bench/chart.py", "save"): "a name that files.replacing has given",
    ("video/reading/webp.py", "av.open"): "memory",
    ("bench/video_speed.py", "av.open"): "into a temporary folder",
    ("video/writing/segments.py", "av.open"): "a name that files.replacing has given",
    ("video/writing/join.py", "av.open"): "a name that files.replacing or files.temporary_folder has given",
    ("export/openvino_file.py", "openvino.save_model"): "into a folder of files.temporary_folder",
}
"""What writes by itself, and where to."""

METHODS = {
    "write_bytes",
    "write_text",
    "touch",
    "mkdir",
    "rmdir",
    "unlink",
    "rename",
    "symlink_to",
    "hardlink_to",
    "save",
    "save_model",
    "savefig",
    "tofile",
}
MODULES = {"shutil": {"which", "copyfileobj", "disk_usage", "copymode"}, "tempfile": {"gettempdir"}}
"""Modules that write, and what of them does not."""
OS = {"open", "rename", "replace", "remove", "unlink", "mkdir", "makedirs", "rmdir", "link", "symlink"}
ARCHIVES = {"ZipFile", "TarFile"}
CLASSES = {"SummaryWriter", "FileLock", "FileIO", "sqlite3.connect", "np.save", "np.savez"}


def name_of(function):
    """A called function as it is written, as far as names go."""
    if isinstance(function, ast.Attribute):
        owner = name_of(function.value)
        return f"{owner}.{function.attr}" if owner else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_writing_mode(call):
    """Whether an argument says that a file is opened to write; a mode that is no constant may."""
    modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return any(text and set(text) <= set("rwxabt+") and set(text) & set("wxa+") for text in texts)


def writes(call):
    """The name under which a call writes, or None."""
    name = name_of(call.func)
    owner, _, method = name.rpartition(".")
    if (method == "open" and owner != "os") or method in ARCHIVES:
        return (name if owner == "av" else method) if is_writing_mode(call) else None
    if method == "replace" and len(call.args) == 1 and not call.keywords and owner != "dataclasses":
        return name if isinstance(call.func, ast.Attribute) else None
    if owner == "os" and method in OS:
        return name
    if owner in MODULES:
        return None if method in MODULES[owner] else name
    if name in CLASSES or method in CLASSES:
        return name if name in CLASSES else method
    if method in METHODS and isinstance(call.func, ast.Attribute):
        return name if owner in ("torch", "openvino") else method
    return None


def found_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name for node in ast.walk(tree) if isinstance(node, ast.Call) and (name := writes(node))}


def test_nothing_writes_but_through_files():
    found = {
        (path.relative_to(SOURCES).as_posix(), name)
        for path in SOURCES.rglob("*.py")
        if path.relative_to(SOURCES).as_posix() not in THE_WAY
        for name in found_in(path)
    }
    assert found - ALLOWED.keys() == set(), "write it through srgan.files, or say above where it goes"
    assert ALLOWED.keys() - found == set(), "nothing does this any more"


def test_the_search_finds_writers(tmp_path):
    code = {
        "path.open('w')": "open",
        "open(path, mode='ab')": "open",
        "path.write_text('')": "write_text",
        "os.replace(a, b)": "os.replace",
        "path.replace(other)": "path.replace",
        "shutil.move(a, b)": "shutil.move",
        "tempfile.mkdtemp()": "tempfile.mkdtemp",
        "torch.save(state, path)": "torch.save",
        "Image.fromarray(a).save(path)": "save",
        "sqlite3.connect(file)": "sqlite3.connect",
    }
    for line, name in code.items():
        (tmp_path / "a.py").write_text(line)
        assert found_in(tmp_path / "a.py") == {name}
    for line in (
        "path.open('rb')",
        "open(path)",
        "text.replace('w', 'a')",
        "shutil.which('a')",
        "replace(card)",
    ):
        (tmp_path / "a.py").write_text(line)
        assert found_in(tmp_path / "a.py") == set()
