"""Cases run in forked processes that may crash: each is bounded in time and memory, and leaves nothing."""

import json
import os
import resource
import select
import signal
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzzing.mutation import mutated
from srgan.errors import SrganError

STANDSTILL = 120  # seconds in which nothing happens at all
LONGEST = 5000  # letters of a message: a recipe's tells all that is wrong with it
GROWTH = 256 * 2**20  # bytes that one file may take while it is read
ADDRESSES = 4 * 2**30  # bytes: what is asked for beyond it is refused by the system


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of input.

    Attributes:
        ending: of its files' names.
        seeds: makes whole files; called once, in the parent.
        read: reads one as the program does.
        words: what means something in it.
        prepare: opens what stays open; called at the beginning of each process.
        mend: makes check sums right again; done to two files of three.
        contained: ends that the program survives, since it reads the kind in a process of its own.
        seconds: of the processor, for one file; what takes more hangs.
    """

    ending: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[Path], object]
    words: Sequence[bytes] = ()
    prepare: Callable[[], object] = lambda: None
    mend: Callable[[bytes], bytes] | None = None
    contained: frozenset[str] = frozenset()
    seconds: int = 20


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What must not be: the number of the file, its content, and what happened."""

    number: int
    kind: str
    what: str
    content: bytes = field(repr=False)


@dataclass(kw_only=True)
class Tally:
    """What became of files, and the most bytes that the reading of one took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    largest: int = 0
    findings: list[Finding] = field(default_factory=list)


def content_of(name: str, form: Format, seeds: Sequence[bytes], number: int) -> bytes:
    """The damaged file of a number: of the same seeds always the same."""
    content = mutated(seeds, form.words, Random(f"{name} {number}"))
    return form.mend(content) if form.mend is not None and number % 3 else content


def run_batch(name: str, form: Format, seeds: Sequence[bytes], numbers: range) -> Tally:
    """Reads the files of these numbers. A process that dies is followed by one for the rest."""
    tally, rest = Tally(), numbers
    while rest:
        seen, status = 0, 0
        for message in _child(name, form, seeds, rest):
            if isinstance(message, int):
                status = message
                break
            seen += 1
            _note(tally, message, content_of(name, form, seeds, message["number"]))
        if seen < len(rest):
            number = rest[seen]
            content = content_of(name, form, seeds, number)
            kind = {signal.SIGPROF: "hang", signal.SIGKILL: "standstill"}.get(-status, "crash")
            if kind in form.contained:
                kind = "contained"
            _note(tally, {"number": number, "kind": kind, "what": _name_of(status)}, content)
            seen += 1
        rest = rest[seen:]
    return tally


def _note(tally: Tally, message: dict, content: bytes) -> None:
    tally.outcomes[message["kind"]] += 1
    tally.largest = max(tally.largest, message.get("grown", 0))
    if message["kind"] not in ("read", "refused", "contained"):
        number, kind, what = message["number"], message["kind"], message["what"]
        tally.findings.append(Finding(number=number, kind=kind, what=what, content=content))


def _name_of(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit code {status}"


def _child(name: str, form: Format, seeds: Sequence[bytes], numbers: range) -> Iterator[dict | int]:
    """What a forked process says of each file, and at the end how it ended, as ``subprocess`` has it."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            os.setsid()
            _work(name, form, seeds, numbers, writing)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        pending = b""
        while True:
            if not select.select([pipe], [], [], STANDSTILL)[0]:
                os.killpg(process, signal.SIGKILL)
            data = pipe.read(65536)
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            yield from map(json.loads, lines)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with suppress(ProcessLookupError):  # what it started
        os.killpg(process, signal.SIGKILL)
    yield status


def _work(name: str, form: Format, seeds: Sequence[bytes], numbers: range, pipe: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "case"
        folder.mkdir()
        tempfile.tempdir = str(folder)
        said = os.open(Path(scratch) / "said", os.O_CREAT | os.O_RDWR | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        form.prepare()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + ADDRESSES,) * 2)
        for number in numbers:
            path = folder / f"case{form.ending}"
            path.write_bytes(content_of(name, form, seeds, number))
            os.ftruncate(said, 0)
            signal.setitimer(signal.ITIMER_PROF, form.seconds)
            message = {"number": number, **_case(form, path, said)}
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.write(pipe, json.dumps(message).encode() + b"\n")


def _case(form: Format, path: Path, said: int) -> dict:
    before, files = _reset_peak(), _open_files()
    found = _outcome(form, path)
    grown = max(0, _status("VmHWM") - before)
    found["grown"] = grown
    path.unlink(missing_ok=True)
    if found["kind"] not in ("read", "refused"):
        return found
    if left := [str(each.name) for each in path.parent.iterdir()]:
        return {"kind": "leftover", "what": f"{left}", "grown": grown}
    if grown > GROWTH:
        return {"kind": "memory", "what": f"{grown / 2**20:.0f} MiB", "grown": grown}
    if os.fstat(said).st_size:
        return {"kind": "noise", "what": os.pread(said, 300, 0).decode(errors="replace"), "grown": grown}
    if len(_open_files() - files) > 20:
        return {"kind": "open files", "what": f"{sorted(_open_files() - files)}", "grown": grown}
    return found


def _outcome(form: Format, path: Path) -> dict:
    try:
        form.read(path)
    except SrganError as error:
        message = str(error)
        is_line = not set(message).intersection("\n\r\x1b\0") and len(message) < LONGEST
        is_plain = is_line and "Error" not in message
        return {"kind": "refused", "what": ""} if is_plain else {"kind": "message", "what": message[:500]}
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)
        own = [f"{Path(each.filename).name}:{each.lineno}" for each in place if "/srgan/" in each.filename]
        last = own[-1] if own else f"{place[-1].filename}:{place[-1].lineno}"
        return {"kind": "traceback", "what": f"{type(error).__name__} at {last}: {error}"[:500]}
    return {"kind": "read", "what": ""}


def _open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the fastest way


def _reset_peak() -> int:
    """Lets the peak of memory begin anew; returns the bytes that are taken now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(key)
