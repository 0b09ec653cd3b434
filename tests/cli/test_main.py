"""What all commands share: help, wrong calls, unforeseen errors."""

import importlib.metadata
import re
import subprocess
import sys
import typing

import pytest
import typer

import srgan.cli.main
import srgan.networks.catalogue

COMMANDS = (
    "prepare",
    "dataset-report",
    "upscale",
    "models",
    "info",
    "train",
    "evaluate",
    "evaluate-faces",
    "evaluate-objects",
    "fit-niqe",
    "compare",
    "export",
    "import-keras",
    "bench",
    "serve",
    "calibrate",
    "cluster",
)


def test_every_command_is_known_here():
    commands = srgan.cli.main.app.registered_commands
    assert {command.callback.__name__.replace("_", "-") for command in commands} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(srgan, command):
    done = srgan(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.count(f"Example: srgan {command}") == 2


def shown(text):
    """As one line of words, without the frames of tables and the breaks of lines."""
    return " ".join(re.sub("[^\\x00-\\x7f]", " ", text).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_every_text_as_it_is_written(srgan, monkeypatch, command):
    """Rich takes ``:m:`` for a picture and ``[x]`` for a style."""
    monkeypatch.setenv("COLUMNS", "300")
    (found,) = (known for known in srgan_commands() if known.name == command)
    help_shown = shown(srgan(command, "--help").out)
    for parameter in found.params:
        assert shown(parameter.help or "") in help_shown
    assert shown(found.help.split("\n\n")[0]) in help_shown


def srgan_commands():
    return typer.main.get_command(srgan.cli.main.app).commands.values()


def test_the_version_is_the_packages(srgan):
    done = srgan("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"srgan {importlib.metadata.version('srgan')}\n"


@pytest.mark.parametrize("arguments", [[], ["upscale"], ["info"], ["evaluate"]])
def test_without_arguments_the_help_is_shown(srgan, arguments):
    done = srgan(*arguments)
    assert (done.code, done.err) == (2, "")
    assert "Usage: " + " ".join(["srgan", *arguments]) in done.out
    assert "Example: " in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frob"], "'frob'; see srgan --help"),
        (["--frob"], "--frob; see srgan --help"),
        (["info", "a", "b"], "(b); see srgan info --help"),
        (["models", "--jsn"], "--json"),
        (["evaluate", "--metric", "psnr"], "--hr"),
        (["evaluate", "--hr", "."], "nothing to measure"),
        (["evaluate", "--hr", ".", "--baseline", "cubic"], "'bicubic', 'lanczos'"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_2(srgan, arguments, message):
    done = srgan(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert message in done.err


def failing(error):
    def fail() -> typing.NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("debug", [True, False])
def test_an_unforeseen_error_is_one_line_unless_debugging(srgan, monkeypatch, debug):
    monkeypatch.setattr("srgan.networks.catalogue.list_models", failing(ZeroDivisionError("by\n nought")))
    done = srgan("models", *(["--debug"] if debug else []))
    assert done.code == 1
    assert done.err.endswith(
        "srgan: unexpected ZeroDivisionError: by  nought; add --debug and report what it shows\n"
    )
    assert ("Traceback" in done.err) == debug
    assert debug or done.err.count("\n") == 1


def test_debug_leaves_the_exit_code(srgan):
    done = srgan("--debug", "info", "srresnt")
    assert done.code == 2
    assert "Traceback" in done.err


def test_ctrl_c_is_one_line_and_exit_130(srgan, monkeypatch):
    monkeypatch.setattr("srgan.networks.catalogue.list_models", failing(KeyboardInterrupt()))
    done = srgan("models")
    assert (done.code, done.err) == (130, "srgan: interrupted\n")


def test_python_dash_m_is_the_same_command(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr(sys, "argv", ["srgan", "models"])
    runpy.run_module("srgan", run_name="__main__")
    assert "\nsrresnet " in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_sigterm_ends_it_also_where_a_library_makes_an_error_of_that():
    program = """
import signal
import srgan.cli.main as main

def app(*_arguments, **_options):
    try:
        signal.raise_signal(signal.SIGTERM)
    except SystemExit as leaving:  # as NumPy does while it is being loaded
        raise ImportError("initialization failed") from leaving

main._called = lambda _arguments: app
main.main()
"""
    # In a process of its own: libraries of other tests may leave no stack for signals.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (143, "")
