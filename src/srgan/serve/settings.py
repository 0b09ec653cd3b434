"""What is decided when the server starts: where it listens, who may ask, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request, and all together, may take.

    Attributes:
        upload_bytes: of one upload.
        pixels: of a picture, or of a video's frame, before it is enlarged.
        video_seconds: how long a video may play.
        work_seconds: how long one job may take.
        disk_bytes: of all uploads and results that are kept.
        waiting: jobs that wait for their turn; one client has at most a quarter of them.
        keep_seconds: how long a result can be fetched.
        silence_seconds: how long an upload may stand still.
    """

    upload_bytes: int = 2 * 2**30
    pixels: int = 25_000_000
    video_seconds: float = 2 * 3600.0
    work_seconds: float = 6 * 3600.0
    disk_bytes: int = 20 * 2**30
    waiting: int = 256
    keep_seconds: float = 24 * 3600.0
    silence_seconds: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server is set up.

    Attributes:
        host: the address to listen at.
        port: likewise; 0 for any that is free.
        state: the folder of jobs, uploads and results.
        models: a folder of model files that are offered beside the shipped ones; None for none.
        token: what every request must know; None if everybody may ask.
        names: under which the server may be reached, beside numbers and this computer's own names.
        limits: how much may be asked for.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    state: Path
    models: Path | None = None
    token: str | None = None
    names: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
