#!/usr/bin/env python3
"""Sends requests from many clients at once; each checks that it gets its own picture, upscaled.

    benchmarks/serve_load.py --clients 64 --seconds 60

Starts its own server on this computer. Reports how many pictures came back and whether all were right, how
that compares with the engine alone, how long ``/healthz`` took meanwhile, and how much memory the server
used. Exits with 1 if a picture was wrong or lost.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from srgan import PictureOptions, Upscaler, upscale_file

_PNG = PictureOptions(file_format="png")


@dataclass
class Seen:
    """What the clients saw."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    busy: int = 0
    seconds: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)


def picture(number: int, size: tuple[int, int]) -> bytes:
    """Returns a PNG of smooth shapes, different for every number."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(out, "png")
    return out.getvalue()


def alone(pictures: list[bytes], model: str) -> tuple[list[str], float, float]:
    """Returns the SHA-256 of the engine's own results, and the elapsed and processor seconds per picture."""
    digests = []
    with Upscaler(model, device="cpu") as upscaler:
        upscale_file(io.BytesIO(pictures[0]), io.BytesIO(), upscaler, _PNG)  # opens and warms up
        began, busy = time.perf_counter(), time.process_time()
        for content in pictures:
            out = io.BytesIO()
            upscale_file(io.BytesIO(content), out, upscaler, _PNG)
            digests.append(hashlib.sha256(out.getvalue()).hexdigest())
        count = len(pictures)
        return digests, (time.perf_counter() - began) / count, (time.process_time() - busy) / count


def client(port: int, number: int, content: bytes, digest: str, model: str, end: float, seen: Seen) -> None:
    """Sends requests until the end, as a client with its own address."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}", "Accept": "image/png"}
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            connection.request("POST", f"/v1/upscale?model={model}", content, headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            with seen.guard:
                seen.wrong.append(f"client {number}: {error!r}")
            connection.close()
            continue
        with seen.guard:
            if response.status == 429:
                seen.busy += 1
            elif response.status != 200 or hashlib.sha256(body).hexdigest() != digest:
                seen.wrong.append(f"client {number}: {response.status} {body[:200]!r}")
            else:
                seen.right += 1
                seen.seconds.append(time.perf_counter() - began)
        if response.status == 429:
            time.sleep(float(response.headers["Retry-After"]))


def watch(port: int, process: psutil.Process, end: float, seen: Seen) -> None:
    """Requests ``/healthz`` and measures the memory until the end."""
    while time.monotonic() < end:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.close()
        seen.health.append(time.perf_counter() - began)
        seen.memory.append(process.memory_info().rss)
        time.sleep(0.05)


def port_in(log: Path) -> int:
    """Waits for the port that the server reports; returns it."""
    while not (found := re.search(r"http://[\d.]+:(\d+)/", log.read_text())):
        time.sleep(0.05)
    return int(found[1])


def wait_until_ready(port: int) -> None:
    """Waits until the default model is open."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/readyz")
        if connection.getresponse().status == 200:
            return
        time.sleep(0.1)


def load(
    port: int, process: psutil.Process, options: argparse.Namespace, pictures: list[bytes], digests: list[str]
) -> Seen:
    """Runs all clients at once; returns what they saw."""
    seen, end = Seen(), time.monotonic() + options.seconds
    threads = [
        threading.Thread(target=client, args=(port, number, content, digest, options.model, end, seen))
        for number, (content, digest) in enumerate(zip(pictures, digests, strict=True))
    ]
    threads.append(threading.Thread(target=watch, args=(port, process, end, seen)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--size", type=int, nargs=2, default=(320, 180), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--model", default="photo")
    options = parser.parse_args()
    pictures = [picture(number, tuple(options.size)) for number in range(options.clients)]
    digests, seconds_alone, busy_alone = alone(pictures, options.model)
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["serve", "--port", "0", "--device", "cpu", "--state", str(Path(folder) / "state")]
        command = [sys.executable, "-m", "srgan", *arguments]
        log = Path(folder) / "log"
        with log.open("w") as out, subprocess.Popen(command, stderr=out) as server:
            port = port_in(log)
            process = psutil.Process(server.pid)
            wait_until_ready(port)
            began, busy = time.monotonic(), sum(process.cpu_times()[:2])
            seen = load(port, process, options, pictures, digests)
            seconds, busy = time.monotonic() - began, sum(process.cpu_times()[:2]) - busy
            server.terminate()
        said = log.read_text().splitlines()
    quarter = max(1, len(seen.memory) // 4)
    early, late = max(seen.memory[:quarter]), max(seen.memory[-quarter:])
    print(f"pictures      {seen.right} right, {len(seen.wrong)} wrong or lost, {seen.busy} times busy")
    print(f"throughput    {seen.right / seconds:.2f} per second; the engine alone {1 / seconds_alone:.2f}")
    if seen.seconds:
        print(f"processor     {busy / seen.right:.3f} s per picture; the engine alone {busy_alone:.3f}")
        middle, most = statistics.median(seen.seconds), max(seen.seconds)
        print(f"response      {middle:.2f} s in the median, {most:.2f} s at most")
    print(f"/healthz      {1000 * np.percentile(seen.health, 99):.0f} ms at the 99th percentile")
    print(f"memory        {early / 2**20:.0f} MB in the first quarter, {late / 2**20:.0f} MB in the last")
    print(*seen.wrong[:5], *said[1:], sep="\n", file=sys.stderr)
    return 1 if seen.wrong or not seen.right else 0


if __name__ == "__main__":
    sys.exit(main())
