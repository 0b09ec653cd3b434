"""The command ``srgan`` as a process, forked from one that has imported everything: a start costs little."""

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from fault_disk import Fault, inject

_HERE = Path(__file__).parent
_SOURCES = str(_HERE.parents[1] / "src")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["fault_imported"])


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command at work.

    Attributes:
        process: its process.
        said: the file that takes what it prints.
    """

    process: BaseProcess
    said: Path
    _steps: Any

    @property
    def steps(self) -> int:
        """How often it has changed the disk so far."""
        return self._steps.value

    def signal(self, number: int) -> None:
        """Sends it a signal, if it is still there."""
        if self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, number)

    def cpu(self) -> float:
        """Seconds of the processor that it has taken so far; infinite once it has ended."""
        try:
            times = psutil.Process(self.process.pid).cpu_times()
        except psutil.Error:
            return float("inf")
        return times.user + times.system if self.process.is_alive() else float("inf")


def start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    said: Path,
    fault: Fault | None = None,
) -> Run:
    """Begins a command.

    Args:
        arguments: after ``srgan``.
        folder: that it is typed in.
        environment: what is added to it.
        said: the file that takes what it prints.
        fault: what it meets.
    """
    # The server takes its path from there.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_HERE), _SOURCES])
    steps = _context.Value("i", 0)
    process = _context.Process(
        target=_run, args=(list(arguments), folder, dict(environment), said, fault, steps)
    )
    process.start()
    return Run(process=process, said=said, _steps=steps)


def _run(
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    said: Path,
    fault: Fault | None,
    steps: Any,
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    tempfile.tempdir = None  # is asked for anew
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.argv = ["srgan", *arguments]
    from srgan.cli.main import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal, also in the background
    inject(fault, steps)
    main()
