"""Putting the hook into a repository, and taking it out again. A hook that was there is kept under another name, and run first."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from pathlib import Path

import msgspec

from ptlint.errors import UsageError
from ptlint.tree.objects import Repository

__all__ = ["Installed", "install", "uninstall"]

_MARK = "# ptlint hook"
_NAME = "pre-commit"
_BEFORE = "pre-commit.before-ptlint"
_SCRIPT = """\
#!/bin/sh
{mark}: looks at what is about to be committed. `ptlint hook uninstall` takes it out again.
before="$(dirname "$0")/{before}"
if [ -x "$before" ]; then
	"$before" "$@" || exit $?
fi
python={python}
if [ ! -x "$python" ]; then
	echo "ptlint: $python is not there any more: nothing was looked at (ptlint hook install, or remove $0)" >&2
	exit 0
fi
# -P: nothing that lies in the tree is imported.
exec "$python" -P -m ptlint hook run
"""


class Installed(msgspec.Struct, frozen=True):
    """Where the hook is; what it runs first (None: nothing was there); and whether it was there already."""

    path: Path
    before: Path | None
    again: bool = False


def install(tree: str) -> Installed:
    """Put the hook into the repository of ``tree``: into ``core.hooksPath`` where that is set, else where all its work trees look.

    Raises ``UsageError`` when there is no repository, or the folder cannot be written.
    """
    folder = _folder(tree)
    hook, before = folder / _NAME, folder / _BEFORE
    again = _is_ours(hook)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(hook) and not again:
            if os.path.lexists(before):
                raise UsageError(f"{before} is there already, and {hook} is not ptlint's: look which of them you want, and remove one")
            hook.rename(before)
        script = _SCRIPT.format(mark=_MARK, before=_BEFORE, python=shlex.quote(sys.executable))
        temporary = folder / f".{_NAME}.ptlint.{os.getpid()}"
        temporary.write_text(script, "utf-8")
        temporary.chmod(0o755)
        temporary.replace(hook)
    except OSError as error:
        raise UsageError(f"{folder}: the hook cannot be written ({error.strerror or error})") from None
    return Installed(hook, before if os.path.lexists(before) else None, again)


def uninstall(tree: str) -> Installed:
    """Take the hook out, and put back what was there before. Raises ``UsageError`` when the hook is not there, or is not ptlint's."""
    folder = _folder(tree)
    hook, before = folder / _NAME, folder / _BEFORE
    if not _is_ours(hook):
        raise UsageError(f"{hook}: {'not the hook of ptlint' if os.path.lexists(hook) else 'no hook there'}; nothing was changed")
    try:
        if os.path.lexists(before):
            before.replace(hook)
            return Installed(hook, before)
        hook.unlink()
    except OSError as error:
        raise UsageError(f"{hook}: cannot be removed ({error.strerror or error})") from None
    return Installed(hook, None)


def _folder(tree: str) -> Path:
    with Repository(tree) as repository:
        folder = Path(repository.hooks())
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"core.hooksPath: {folder} is no folder, so git runs no hooks; set it to one, or unset it")
    return folder


def _is_ours(hook: Path) -> bool:
    try:
        if not stat.S_ISREG(hook.lstat().st_mode):
            return False
        return _MARK in hook.read_text("utf-8", "replace")
    except OSError:
        return False
