"""The group of commands, and what ends a run: each kind of end has its exit status, and none is a traceback."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import NoReturn

import click

from ptlint import __version__
from ptlint.cli.terminal import drop_stdout, say
from ptlint.errors import Unreadable, UsageError

__all__ = ["main"]

_COMMANDS = {
    "check": "Report frees of page tables that do not wait for the walkers that the tree has.",
    "cache": "Show or drop what earlier runs left.",
    "config": "Show the settings in force, and where each comes from.",
    "diff": "Say how the ways of freeing differ between two trees.",
    "explain": "Explain a rule, or a finding: who frees and who walks, step by step.",
    "graph": "Show how tables get from a function back to the allocator.",
    "hook": "Look at each commit before it is made.",
    "inventory": "List every place where a table is freed, findings or not.",
    "overlay": "Show the words that a table is queued by: who uses them, and whether they are free then.",
    "rules": "List the rules.",
    "variants": "Show the builds and variants that are looked at, and what is not.",
    "walkers": "Show who walks tables, and by what they hold them meanwhile.",
}


class _Group(click.Group):
    """Commands that are imported when they are used: start-up is felt in a hook."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"ptlint.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ptlint", message="%(prog)s %(version)s")
def group() -> None:
    """Say how every page-table page of an x86 Linux tree is freed, and whom that waits for.

    \b
    Exit status: 0 nothing to report, 1 findings, 2 the run could not be made
    or is not complete, 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run, and exit."""
    sys.exit(_status(arguments))


def _status(arguments: list[str] | None) -> int:
    try:
        status = group.main(arguments, prog_name="ptlint", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return 2
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            say(f"{error.ctx.command_path}: {error.format_message()} (see {error.ctx.command_path} --help)")
        else:
            say(f"ptlint: {error.format_message()}")
        return 2
    except (UsageError, Unreadable) as error:
        say(f"ptlint: {' '.join(str(error).split())}")
        return 2
    except (click.Abort, KeyboardInterrupt):
        say("ptlint: interrupted")
        return 130
    except BrokenPipeError:
        drop_stdout()
        return 2
    except OSError as error:
        say(f"ptlint: {error.filename or 'cannot go on'}: {error.strerror or error}")
        return 2
    except Exception:  # a defect of ptlint: never to be taken for "findings"
        say(traceback.format_exc() + "ptlint: this is a defect of ptlint; please report it")
        return 2
    return status if isinstance(status, int) else 0
