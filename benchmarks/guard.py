#!/usr/bin/env python3
"""Compares srgan's speed with what is recorded, as ratios of times from one run, because speeds drift.

    benchmarks/guard.py [--runs 5] [--record]

Needs the extra [train]. The ratios for each processor are in recorded_speed.json beside this file; --record
writes those of this run there. Exits with 1 if a ratio is more than 15 % worse than recorded. Run nothing
else at the same time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from srgan.bench.networks import Subject
from srgan.bench.report import time_networks, time_rest
from srgan.bench.video_speed import time_video

RECORDED = Path(__file__).with_name("recorded_speed.json")
WORSE = 0.15
SIZE = (320, 180)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--record", action="store_true", help="record the ratios of this run")
    arguments = parser.parse_args()
    processor, found = measure(arguments.runs)
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    before = recorded.get(processor, {})
    print(f"{processor}\n\n| lower is better | recorded | now |\n|---|---|---|")
    for name, ratio in found.items():
        print(f"| {name} | {before.get(name, '')} | {ratio} |")
    if arguments.record:
        recorded[processor] = found
        RECORDED.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
        return
    if not before:
        sys.exit("nothing is recorded for this processor; see --record")
    worse = [name for name, ratio in found.items() if ratio > (1 + WORSE) * before.get(name, ratio)]
    if worse:
        sys.exit(f"worse than recorded: {'; '.join(worse)}")


def measure(runs: int) -> tuple[str, dict[str, float]]:
    """Returns the processor's name with the number of threads, and the ratios; lower is better."""
    subjects = [Subject(model=model, engine="openvino", precision="auto") for model in ("srresnet", "fast")]
    report = time_networks(subjects, [SIZE], runs, progress)
    peak = max(each["convolution"] for name, each in report["peaks"].items() if name != "int8")
    full, fast = (row["seconds"] for row in report["networks"])
    found = {
        # Not the reported share of the peak: where int8 is chosen, that is of int8's peak.
        "srresnet with its halo, seconds x floating-point peak, TFLOP": full * peak / 1000,
        "fast over srresnet": fast / full,
    }
    progress("video")
    video = time_video("fast", 120)
    found["fast, video over network alone"] = 1000 / (
        video["frames_per_second"] * video["milliseconds"]["network"]
    )
    rest = time_rest(runs, progress)
    found["start to file over importing NumPy and OpenVINO"] = rest["start"] / imports(runs)
    if rest["training"] is not None:
        found["training step over the network's own passes"] = rest["training"]["ratio"]
    machine = report["machine"]
    return f"{machine['processor']}, {machine['threads']} threads", {
        name: round(ratio, 3) for name, ratio in found.items()
    }


def imports(runs: int) -> float:
    """Returns the seconds of a process that only imports what all upscaling needs."""

    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import numpy, openvino"], check=True)
        return time.perf_counter() - started

    return min(once() for _ in range(runs + 1))


def progress(what: Any) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    main()
