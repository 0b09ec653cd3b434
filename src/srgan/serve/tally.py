"""Counts what the server has done, for Prometheus."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

import psutil

from srgan.jobs.result import JobResult

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Tally:
    """Counts requests and jobs. Thread-safe.

    Attributes:
        seconds_each: moving average of the seconds a job takes.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._jobs: Counter[str] = Counter()
        self._seconds = 0.0
        self._pixels = 0
        self.seconds_each = 1.0

    def request(self, method: str, route: str, status: int) -> None:
        """Counts an answer."""
        with self._guard:
            self._requests[method, route, status] += 1

    def work(self, result: JobResult) -> None:
        """Counts a job."""
        with self._guard:
            self._jobs[result.status] += 1
            self._seconds += result.seconds
            if result.input_size is not None:
                self._pixels += result.input_size[0] * result.input_size[1] * max(1, result.frames)
                self.seconds_each += 0.2 * (result.seconds - self.seconds_each)

    def text(self, *, waiting: int, running: int) -> str:
        """Returns the metrics in Prometheus's text format, version 0.0.4."""
        with self._guard:
            requests = {
                f'method="{method}",route="{route}",status="{status}"': count
                for (method, route, status), count in sorted(self._requests.items())
            }
            jobs = {f'status="{status}"': count for status, count in sorted(self._jobs.items())}
            seconds, pixels = self._seconds, self._pixels
        lines = [
            *_lines("srgan_requests_total", "counter", "Requests answered.", requests),
            *_lines("srgan_jobs_total", "counter", "Jobs that ended.", jobs),
            *_lines("srgan_work_seconds_total", "counter", "Seconds of work.", {"": seconds}),
            *_lines("srgan_pixels_total", "counter", "Low-res pixels upscaled.", {"": pixels}),
            *_lines("srgan_jobs_waiting", "gauge", "Jobs waiting for their turn.", {"": waiting}),
            *_lines("srgan_jobs_running", "gauge", "Jobs begun.", {"": running}),
            *_lines(
                "srgan_memory_bytes",
                "gauge",
                "Resident memory of the server.",
                {"": psutil.Process().memory_info().rss},
            ),
        ]
        return "\n".join(lines) + "\n"


def _lines(name: str, kind: str, words: str, values: Mapping[str, float]) -> list[str]:
    samples = [
        f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()
    ]
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}", *samples]
