"""Configuration of a server: address, access and limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on one request and on all together.

    Attributes:
        upload_bytes: largest upload, in bytes.
        pixels: most pixels of a low-res picture or video frame.
        video_seconds: longest video, in seconds.
        work_seconds: longest job, in seconds.
        disk_bytes: space for all uploads and results, in bytes.
        waiting: most waiting jobs; one client may have a quarter of them.
        keep_seconds: age at which a result is deleted, in seconds.
        silence_seconds: longest pause in an upload, in seconds.
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
    """Configuration of a server.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 for any free one.
        state: folder of jobs, uploads and results.
        models: folder of model files to offer beside the shipped ones; None for none.
        token: secret that every request must send; None to let everybody in.
        names: host names to answer under, beside IP addresses and this computer's own names.
        limits: limits on requests.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    state: Path
    models: Path | None = None
    token: str | None = None
    names: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
