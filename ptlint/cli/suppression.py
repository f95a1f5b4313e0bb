"""What ``check`` hides, and what it says about that."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from ptlint.cli.options import split
from ptlint.config.load import InForce, suppressions
from ptlint.results import CheckResult

__all__ = ["Filter"]


class Filter:
    """The suppressions in force, those of ``files`` too, for one run of ``check``."""

    def __init__(self, found: InForce, files: tuple[Path, ...], options: dict[str, Any]) -> None:
        self._placed = (*found.suppressions, *(entry for path in files for entry in suppressions(path)))
        self._whole = not (split(options["variants"]) or found.settings.variants)

    def apply(self, result: CheckResult, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> CheckResult:
        """``result`` without what is suppressed today."""
        from ptlint.suppress import judge, suppress

        if not self._placed:
            return result
        judged = judge(result, whole=self._whole, select=select, ignore=ignore, only=only)
        return suppress(result, self._placed, datetime.datetime.now(datetime.UTC).date(), judged)
