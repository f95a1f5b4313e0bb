"""The pre-commit hook: a script in the folder that git asks, which runs what was there before and then ``ptlint hook run``.

The only part of ptlint that writes into a repository, and only when it is told to.
"""

from __future__ import annotations

from ptlint.hook.install import Installed, install, uninstall

__all__ = ["Installed", "install", "uninstall"]
