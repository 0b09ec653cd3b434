"""The command ``srgan``: its sub-commands, and how errors reach the user."""

from __future__ import annotations

import copy
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, cast

import typer
from typer.models import CommandInfo

from srgan.cli.bench import bench
from srgan.cli.calibrate import calibrate
from srgan.cli.cluster import cluster
from srgan.cli.compare import compare
from srgan.cli.console import is_debugging, print_error, tracebacks, with_option
from srgan.cli.dataset_report import dataset_report
from srgan.cli.evaluate import evaluate
from srgan.cli.evaluate_faces import evaluate_faces
from srgan.cli.evaluate_objects import evaluate_objects
from srgan.cli.export import export
from srgan.cli.fit_niqe import fit_niqe
from srgan.cli.import_keras import import_keras
from srgan.cli.info import info
from srgan.cli.models import models
from srgan.cli.prepare import prepare
from srgan.cli.recipe_help import CommandWithRecipe
from srgan.cli.serve import serve
from srgan.cli.train import train
from srgan.cli.upscale import upscale
from srgan.errors import SrganError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Add --debug anywhere to see the traceback of an error.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"srgan {version('srgan')}")
        raise typer.Exit


@app.callback()
def srgan(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Upscale pictures and videos 4x per side, offline, with the SRGAN, and train it on your own pictures.

    Example: srgan upscale photo.jpg

    Example: srgan train --recipe srresnet --data photos/ --out runs/mine
    """


_GROUPS: dict[str, tuple[Callable[..., None], ...]] = {
    "Upscaling": (upscale, cluster, compare, serve),
    "Models": (models, info, export, import_keras, calibrate),
    "Training": (dataset_report, prepare, train),
    "Measuring": (evaluate, evaluate_faces, evaluate_objects, fit_niqe, bench),
}
"""The commands, in the order of the help."""

for group, commands in _GROUPS.items():
    for command in commands:
        app.command(
            no_args_is_help=command not in (models, bench, serve),
            cls=CommandWithRecipe if command is train else None,
            rich_help_panel=group,
        )(command)


def _called(arguments: list[str]) -> typer.Typer:
    """Returns the program with the called command alone, or with all: Typer needs 20 ms for all."""
    named = [command for command in app.registered_commands if arguments[:1] == [_name_of(command)]]
    alone = copy.copy(app)
    alone.registered_commands = named or app.registered_commands
    return alone


def _name_of(command: CommandInfo) -> str:
    return command.callback.__name__.replace("_", "-") if command.callback is not None else ""


# Typer uses Click or its own copy of it, depending on its version; this is the class of either.
_WrongCall = cast("type[typer.BadParameter]", typer.BadParameter.__bases__[0])


_EMPTY = re.compile(r"--[\w-]+=")  # an option with an empty value
_INTERRUPTED = 130
"""Typer's exit code on Ctrl-C."""
_TERMINATED = 143
"""The usual exit code on SIGTERM."""


def main() -> None:
    """Runs the command; exits 0 when done, 1 when something failed, 2 on wrong usage, 130 on Ctrl-C."""
    is_terminated = False

    def terminate(*_: object) -> None:
        nonlocal is_terminated
        is_terminated = True
        sys.exit(_TERMINATED)

    # Exit as on Ctrl-C, removing what is half-written.
    signal.signal(signal.SIGTERM, terminate)
    try:
        with tracebacks():
            arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
            if "" in arguments or any(_EMPTY.fullmatch(argument) for argument in arguments):
                raise UsageError("an argument is empty; check the variable that it may come from")
            code = _called(arguments)(arguments, prog_name="srgan", standalone_mode=False)
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output is gone; what is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:
        # A library that was being loaded turns the exit into an error of its own.
        code = _TERMINATED if is_terminated else _report(error)
    if code == _INTERRUPTED:
        print_error("interrupted")
    if code:
        sys.exit(code)


def _report(error: Exception) -> int:
    """Prints one line; returns the exit code."""
    if is_debugging():
        traceback.print_exc()
    if isinstance(error, SrganError):
        print_error(with_option(str(error), error.field))
        return 2 if isinstance(error, UsageError) else 1
    if isinstance(error, _WrongCall):
        where = error.ctx.command_path if error.ctx else "srgan"
        # Without arguments, the help has been shown, and there is nothing to add.
        if message := error.format_message().rstrip("."):
            print_error(f"{message}; see {where} --help")
        return 2
    print_error(f"unexpected {type(error).__name__}: {error}; add --debug and report what it shows")
    return 1
