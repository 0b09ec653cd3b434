"""Rounds: a command meets a fault and is run again; its result is that of an uninterrupted run."""

import signal
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fault_commands import LongCommand
from fault_disk import Fault, Kind
from fault_process import Run, start
from fault_results import seen, seen_in

_WAIT = 600.0  # seconds after which a command hangs, even on a busy machine
_WHOLE = (".pt", ".safetensors", ".mp4", ".mkv", ".onnx", ".png")

_ENDS = {"SIGKILL": (0, -9), "step": (0, -9), "SIGTERM": (0, 143, -15), "SIGINT twice": (0, 130, -2, 1)}
"""How each way to end a run may be told by its exit code; 0 if it was over before."""


@dataclass(frozen=True, kw_only=True)
class Whole:
    """An uninterrupted run.

    Attributes:
        seen: its result.
        cpu: seconds that it took of the processor.
        steps: how often it changed the disk.
    """

    seen: dict[str, str]
    cpu: float
    steps: int


@dataclass(frozen=True, kw_only=True)
class Round:
    """How a round ended.

    Attributes:
        faults: what was met, and how the command ended each time.
        wrong: what should not be; None if all is as it should.
    """

    faults: list[str]
    wrong: str | None


class Stage:
    """A folder in which one command is run, with a folder for temporary files of its own.

    Args:
        command: what is run.
        inputs: what it works on.
        folder: made anew; beside it lie the other folders that the command uses.
    """

    def __init__(self, command: LongCommand, inputs: Path, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.temporary = folder.with_name(f"{folder.name}.tmp")
        self._said = folder.with_name(f"{folder.name}.txt")
        folder.mkdir(parents=True)
        self.temporary.mkdir()
        self._makes_out = command.arguments[0] == "prepare"
        self._arguments = [argument.format(inputs=inputs) for argument in command.arguments]
        self._environment = {"XDG_CACHE_HOME": str(folder.parent / "cache"), "TMPDIR": str(self.temporary)}

    def start(self, fault: Fault | None = None) -> Run:
        """Begins the command."""
        if not self._makes_out:
            self.out.mkdir(exist_ok=True)
        return start(self._arguments, self.folder, self._environment, self._said, fault)

    def end(self, run: Run) -> dict[str, str]:
        """Waits for the end of the command; gives what it leaves.

        Raises:
            AssertionError: if it fails, or leaves something where nothing should be.
        """
        run.process.join(_WAIT)
        assert run.process.exitcode == 0, f"exit {run.process.exitcode}: {run.said.read_text()[-3000:]}"
        self.check_strays()
        return seen_in(self.out)

    def check_strays(self) -> None:
        """Raises AssertionError if something lies where nothing should.

        PyTorch's own cache, empty, may, and so may the logs that Ray keeps of its sessions.
        """
        own = ("torchinductor", "ray")
        temporary = (path for path in self.temporary.iterdir() if not path.name.startswith(own))
        beside = (path for path in self.folder.iterdir() if path != self.out)
        strays = [*temporary, *beside]
        assert not strays, strays

    def check_kept(self) -> None:
        """What lies under its name is whole at any moment; raises what its reader raises if not."""
        for path in self.out.rglob("*"):
            if path.suffix in _WHOLE:
                seen(path)


def run_whole(stage: Stage) -> Whole:
    """Runs the command without a fault, and measures it."""
    run, cpu = stage.start(), 0.0
    while (taken := run.cpu()) < float("inf"):
        cpu = taken
        time.sleep(0.05)
    return Whole(seen=stage.end(run), cpu=cpu, steps=run.steps)


def play_round(stage: Stage, whole: Whole, kind: Kind, random: np.random.Generator) -> Round:
    """Plays a round; never raises for what goes wrong."""
    faults: list[str] = []
    try:
        for _ in range(random.integers(1, 4) if kind == "kill" else 1):
            faults.append((_end if kind == "kill" else _meet)(stage, whole, kind, random))
            stage.check_kept()
        found = stage.end(stage.start())
        differ = sorted(path for path in {*found, *whole.seen} if found.get(path) != whole.seen.get(path))
        return Round(faults=faults, wrong=f"differ: {differ}" if differ else None)
    except Exception:
        return Round(faults=faults, wrong=traceback.format_exc())


def _end(stage: Stage, whole: Whole, _kind: Kind, random: np.random.Generator) -> str:
    """Ends a run: of ten, six by SIGKILL and two by other signals at some moment, two by SIGKILL at a step.

    Moments are seconds of the processor: on a busy machine, every run lasts differently by the clock.
    """
    how = random.choice(["SIGKILL", "SIGTERM", "SIGINT twice", "step"], p=[0.6, 0.1, 0.1, 0.2])
    if how == "step":
        at = int(random.integers(1, whole.steps + 1))
        run, moment = stage.start(Fault(kind="kill", at=at)), f"at step {at}"
    else:
        last = random.uniform(0, whole.cpu)
        run, moment = stage.start(), f"at {last:.2f} s"
        while run.cpu() < last:
            time.sleep(0.01)
        _send(run, str(how))
    run.process.join(_WAIT)
    code = run.process.exitcode
    assert code in _ENDS[str(how)], f"exit {code}: {run.said.read_text()[-3000:]}"
    return "over before" if code == 0 else f"{how} {moment}"


def _send(run: Run, how: str) -> None:
    name, _, is_twice = how.partition(" ")
    run.signal(signal.Signals[name])
    if is_twice:
        time.sleep(0.02)
        run.signal(signal.Signals[name])


def draw_fault(kind: Kind, whole: Whole, random: np.random.Generator) -> Fault:
    """Draws where a fault is met."""
    most = {"size": 200_000, "memory": 2**30}.get(kind, whole.steps)
    return Fault(kind=kind, at=int(random.integers(1, most + 1)))


def check_code(run: Run, kind: Kind, usual: int = 0) -> str:
    """Names the exit code of a run that met a fault: the usual one, or 1.

    Raises:
        AssertionError: if it is another.
    """
    code = run.process.exitcode
    # Libraries below end the process where they get no memory.
    allowed = (usual,) if kind == "clock" else (usual, 1) if kind != "memory" else (usual, 1, -6, -11)
    assert code in allowed, f"exit {code}: {run.said.read_text()[-3000:]}"
    return f"exit {code}"


def check_said(run: Run) -> None:
    """Raises AssertionError if a run printed a traceback."""
    said = run.said.read_text()
    assert "Traceback" not in said, said[-3000:]


def _meet(stage: Stage, whole: Whole, kind: Kind, random: np.random.Generator) -> str:
    """A run that meets a fault ends as if nothing were, or with a line that says what is wrong."""
    fault = draw_fault(kind, whole, random)
    run = stage.start(fault)
    run.process.join(_WAIT)
    end = check_code(run, kind)
    if run.process.exitcode in (0, 1):
        check_said(run)
    return f"{kind} at {fault.at}: {end}"
