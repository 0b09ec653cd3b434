"""Serves the page's files from a fixed list, so that no request can name another file."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).with_name("web")


@router.get("/")
async def index() -> Response:
    """Returns the page."""
    return FileResponse(_FOLDER / "index.html")


def _serve(path: Path) -> None:
    @router.get(f"/{path.name}")
    async def file() -> Response:
        return FileResponse(path)


for _path in sorted(_FOLDER.iterdir()):
    if _path.suffix in (".css", ".js", ".jpg", ".svg"):
        _serve(_path)
