"""How many findings of each rule, the most frequent first."""

from __future__ import annotations

from collections import Counter

from ptlint.report.style import count
from ptlint.report.wording import counted
from ptlint.results import CheckResult
from ptlint.words import SEVERITIES

__all__ = ["statistics"]


def statistics(result: CheckResult) -> str:
    """A line a rule, and one for what is suppressed; empty when there is nothing to count."""
    findings = counted(result)
    rules = Counter((finding.rule, finding.name) for finding in findings)
    width = max((len(f"{number:,}") for number in rules.values()), default=0)
    lines = []
    for (rule, name), number in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        kinds = Counter(finding.severity for finding in findings if finding.rule == rule)
        told = ", ".join(count(kinds[word], word) for word in SEVERITIES if kinds[word])
        lines.append(f"{number:>{width},}  {rule} {name} ({told})\n")
    lines += [f"{len(result.suppressed):>{width},}  suppressed\n"] if result.suppressed else []
    return "".join(lines)
