"""The `kiral` command. What is heavy is imported inside the commands: help, list, check, estimate start without jax."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from kiral import __version__, cli_results, cli_runs
from kiral.errors import ConfigError, KiralError, RunFolderError, ToldError

app = App(
    name="kiral",
    help="Chiral matter on JAX: chiral magnetohydrodynamics and the magnetic fields it grows.",
    version=__version__,
    result_action="return_value",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
for _command in (
    cli_runs.run, cli_runs.resume, cli_results.show, cli_runs.copy, cli_runs.check, cli_runs.estimate, cli_runs.calc,
    cli_runs.sweep, cli_runs.reproduce, cli_results.plot, cli_results.render, cli_results.export, cli_results.cite,
):  # fmt: skip
    app.command(_command)
app.command(cli_runs.list_cases, name="list")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors that a user can act on are one message, never a traceback."""
    try:
        status = app(arguments, exit_on_error=False, print_error=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except KiralError as error:
        return _exit_status(error)
    except CycloptsError as error:
        print(f"error: {error}", file=sys.stderr)
        return ConfigError.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"error: {error}", file=sys.stderr)
        return RunFolderError.exit_code


def _exit_status(error: KiralError) -> int:
    """One of several processes ends at once: jax would first wait for the others, which may be gone."""
    from kiral.core import processes

    if not isinstance(error, ToldError):
        print(f"error: {error}", file=sys.stderr, flush=True)
    if processes.number() > 1:
        os._exit(error.exit_code)
    return error.exit_code


def _drop_output() -> None:
    """What is still to be printed can't be: keep Python from trying again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
