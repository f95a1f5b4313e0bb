"""Words of findings and tables in the order in which they are put."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEVELS", "SEVERITIES", "Severity", "Table"]

Severity = Literal["error", "warning", "note"]
Table = Literal["pte", "pmd", "pud", "p4d", "pgd", "any"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Worst first."""

LEVELS: tuple[Table, ...] = ("pte", "pmd", "pud", "p4d", "pgd", "any")
"""Those of the tables from the leaves up; ``any`` where nothing tells."""
