#!/usr/bin/env python3
"""Tests whether training pictures matter: two models that differ in nothing else, on both kinds of picture.

    benchmarks/domain_matters.py [--data ../shared/data] [--out runs/domain] [--recipe fast] [--steps 2500]

One is trained on mixed photographs, one on faces, by `srgan train` with the same recipe, seed and steps; then
`srgan evaluate` measures both on photographs and faces that neither has seen. Writes to --out: the runs,
table.md, and panels (low-res | bicubic | photographs | faces | ground truth) of one picture of each kind.
After an interruption, the same command continues.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

TRAINING = {"photographs": ("photos", "coco"), "faces": ("faces",)}
TESTS = {"photographs": "kodak", "faces": "faces"}


def srgan(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "srgan", *map(str, arguments)], check=True)


def training_pictures(kind: str, data: Path, out: Path) -> Path:
    """Makes one folder that links to all of a kind's; returns it."""
    together = out / f"pictures-{kind}"
    together.mkdir(parents=True, exist_ok=True)
    for name in TRAINING[kind]:
        if not (together / name).is_symlink():
            (together / name).symlink_to((data / "train" / name).resolve())
    return together


def train(kind: str, arguments: argparse.Namespace) -> Path:
    run = arguments.out / kind
    options = ["--recipe", arguments.recipe, "--set", f"name={kind}", "--steps", arguments.steps]
    pictures = training_pictures(kind, arguments.data, arguments.out)
    srgan("train", *options, "--data", pictures, "--out", run)
    model = arguments.out / f"{kind}.safetensors"
    model.write_bytes((run / "generator.safetensors").read_bytes())
    return model


def measure(models: list[Path], kind: str, arguments: argparse.Namespace) -> str:
    """Returns the table for one kind of test picture; writes panels of one."""
    truth = arguments.data / "valid" / TESTS[kind]
    chosen = [option for model in models for option in ("--model", model)]
    table = arguments.out / f"on-{kind}.md"
    srgan("evaluate", "--hr", truth, *chosen, "--baseline", "bicubic", "--markdown", table)
    picture = sorted(path for path in truth.iterdir() if path.suffix in {".png", ".jpg"})[0]
    srgan("compare", picture, *chosen, "-o", arguments.out / f"on-{kind}.png", "--overwrite")
    return table.read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    data = Path(os.environ.get("SRGAN_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=data, help="folder with train/photos, train/faces, ...")
    parser.add_argument("--out", type=Path, default=Path("runs/domain"))
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--steps", type=int, default=2500)
    arguments = parser.parse_args()
    models = [train(kind, arguments) for kind in TRAINING]
    tables = "\n".join(measure(models, kind, arguments) for kind in TESTS)
    (arguments.out / "table.md").write_text(tables, encoding="utf-8")
    print(tables)


if __name__ == "__main__":
    main()
