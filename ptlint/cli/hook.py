"""``ptlint hook``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from ptlint import rulebook
from ptlint.cli.change import producer
from ptlint.cli.options import common, tree_argument
from ptlint.cli.run import fails, report
from ptlint.cli.suppression import Filter
from ptlint.cli.terminal import put, say
from ptlint.config.load import load
from ptlint.results import CheckResult
from ptlint.review import ChangeRequest

__all__ = ["command"]


@click.group("hook")
def command() -> None:
    """Look at each commit before it is made: git's pre-commit hook."""


@command.command("install")
@tree_argument
def _install(tree: Path) -> None:
    """Put the hook into the repository of TREE. A hook that is there is kept, and run first."""
    from ptlint.hook import install
    from ptlint.tree import open_tree

    open_tree(tree).close()
    done = install(str(tree))
    say(f"ptlint: {'updated' if done.again else 'installed'}: {done.path}{f' (it runs {done.before} first)' if done.before else ''}")


@command.command("uninstall")
@tree_argument
def _uninstall(tree: Path) -> None:
    """Take the hook out again, and put back what was there before."""
    from ptlint.hook import uninstall

    done = uninstall(str(tree))
    say(f"ptlint: {done.path} is {'what it was before' if done.before else 'removed'}")


@command.command("run")
@common("check")
def _run(**options: Any) -> int:
    """Look at what is about to be committed: what git runs.

    Silent where nothing that is looked at changes. 1 stops the commit: it brings a finding; 2 too: it could not be looked at. Gaps
    that the tree had before stop nothing, nor does a first commit, which has nothing to be compared with.
    """
    refs = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    span = f"{refs[0]}..{refs[1]}" if all(refs) else None
    request = ChangeRequest(span=span, staged=span is None, amend=span is None and _amends())
    status = _look(request, options)
    if status and span is None:
        say("ptlint: the commit is stopped; `git commit --no-verify` makes it all the same")
    return status


def _look(request: ChangeRequest, options: dict[str, Any]) -> int:
    from ptlint.report.check_text import summary

    tree = str(options["tree"])
    if not _worth(tree, request):
        return 0
    result, status = _report(request, options)
    if result.change and any(part.relevant for part in result.change.parts) and options["quiet"] <= options["verbose"]:
        say(f"ptlint: {summary(result)}")
    return status or fails(result, load(options["tree"]).settings.fail_on)


def _report(request: ChangeRequest, options: dict[str, Any]) -> tuple[CheckResult, int]:
    """Look and print, with the settings that are in force for TREE. What could not be read before the change either stops nothing."""
    found = load(options["tree"])
    hidden, settings = Filter(found, (), options), found.settings
    chosen, ignored = rulebook.select(settings.select), rulebook.select(settings.ignore)

    def finish(result: CheckResult) -> CheckResult:
        known = set(result.change.gaps) if result.change else set()
        own = msgspec.structs.replace(result, incomplete=tuple(gap for gap in result.incomplete if gap not in known))
        return hidden.apply(own, chosen, ignored, settings.only)

    return report("check", options, lambda analysis, _: analysis.check(chosen, ignored, settings.only), produce=producer(request), finish=finish)


def _worth(tree: str, request: ChangeRequest) -> bool:
    """Whether there is something to compare, and a kernel: hooks may be shared by many repositories."""
    from ptlint.tree.objects import Repository

    with Repository(tree) as repository:
        if request.span is not None:
            return repository.at("HEAD:Kconfig") is not None
        if repository.at(":Kconfig") is None or repository.resolve("HEAD" if not request.amend else "HEAD^") is None:
            return False
    return True


def _amends() -> bool:
    """Whether git, which runs the hook, was called with --amend: nothing else says so."""
    try:
        words = Path(f"/proc/{os.getppid()}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"commit" in words and b"--amend" in words


@command.command("mail")
@tree_argument
@click.option("--search", type=click.IntRange(min=0), default=200, metavar="N", help="Look for the patch's commit among so many [default: 200].")
def _mail(tree: Path, search: int) -> int:
    """Look at a mail with a patch on standard input, for b4: one line a finding, ERROR: in those that fail.

    The patch may be a commit of the branch already (b4 prep), or apply to it (b4 am).
    """
    from ptlint.hook.mail import request_for

    request = request_for(str(tree), sys.stdin.buffer.read(), search)
    if isinstance(request, str):
        put(f"{request}\n" if request else "")
        return 0
    options = {
        "tree": tree, "rev": None, "variants": (), "formats": ("b4",), "dotconfig": None, "jobs": None, "cache_dir": None, "no_cache": False,
        "color": "never", "quiet": 1, "verbose": 0,
    }  # fmt: skip
    result, status = _report(request, options)
    return status or fails(result, load(tree).settings.fail_on)
