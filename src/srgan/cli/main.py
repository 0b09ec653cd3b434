"""The command ``srgan``: its sub-commands, and how errors reach the user."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from importlib.metadata import version
from typing import Annotated, cast

import typer

from srgan.cli.bench import bench
from srgan.cli.compare import compare
from srgan.cli.console import is_debugging, print_error, tracebacks, with_option
from srgan.cli.dataset_report import dataset_report
from srgan.cli.evaluate import evaluate
from srgan.cli.evaluate_faces import evaluate_faces
from srgan.cli.evaluate_objects import evaluate_objects
from srgan.cli.fit_niqe import fit_niqe
from srgan.cli.info import info
from srgan.cli.models import models
from srgan.cli.prepare import prepare
from srgan.cli.recipe_help import CommandWithRecipe
from srgan.cli.train import train
from srgan.cli.upscale import upscale
from srgan.errors import SrganError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="With --debug anywhere, an error shows its traceback.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"srgan {version('srgan')}")
        raise typer.Exit


@app.callback()
def srgan(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Makes pictures and videos clearer: four times larger per side, offline, with the SRGAN.

    Example: srgan upscale photo.jpg

    Example: srgan upscale film.mp4 -o clear/
    """


for command in (
    upscale,
    models,
    info,
    prepare,
    dataset_report,
    evaluate,
    evaluate_faces,
    evaluate_objects,
    fit_niqe,
    compare,
    bench,
):
    app.command(no_args_is_help=command not in (models, bench))(command)
app.command(no_args_is_help=True, cls=CommandWithRecipe)(train)

# Typer uses Click or its own copy of it, by its version; this is the class of either.
_WrongCall = cast("type[typer.BadParameter]", typer.BadParameter.__bases__[0])


_EMPTY = re.compile(r"--[\w-]+=")  # an option of which nothing follows


def main() -> None:
    """Runs the command; exits 0 when done, 1 when something failed, 2 on wrong usage, 130 on Ctrl-C."""
    # Leave as on Ctrl-C: with what is half-written taken away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tracebacks():
            _run([argument for argument in sys.argv[1:] if argument != "--debug"])
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except KeyboardInterrupt:
        print_error("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has left; what is still buffered must not fail once more at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if is_debugging():
            traceback.print_exc()
        if not isinstance(error, SrganError):
            print_error(f"unexpected {type(error).__name__}: {error}; add --debug and report what it shows")
            sys.exit(1)
        print_error(with_option(str(error), error.field))
        sys.exit(2 if isinstance(error, UsageError) else 1)


def _run(arguments: list[str]) -> None:
    """The command, without Typer's own handling of errors, which takes several lines."""
    if "" in arguments or any(_EMPTY.fullmatch(argument) for argument in arguments):
        raise UsageError("an argument is empty; it may come from a variable that is")
    try:
        with typer.main.get_command(app).make_context("srgan", arguments) as context:
            context.command.invoke(context)
            sys.stdout.flush()
    except _WrongCall as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.exit(2)  # the help has been shown
        where = error.ctx.command_path if error.ctx else "srgan"
        raise UsageError(f"{error.format_message().rstrip('.')}; see {where} --help") from error
