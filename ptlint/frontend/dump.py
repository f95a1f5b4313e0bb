"""``python -m ptlint.frontend.dump DIR FILE [FUNCTION] [--origins] -- ARGUMENTS``: print the intermediate representation of a file."""

from __future__ import annotations

import argparse
import sys
import time

from .parse import parse_unit
from .show import show_function, show_variable

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Print one function, or all. Returns 1 when there were problems."""
    words = sys.argv[1:] if argv is None else argv
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="ptlint.frontend.dump", description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("file")
    parser.add_argument("function", nargs="?")
    parser.add_argument("--origins", action="store_true", help="print where each call comes from")
    parser.add_argument("--pch")
    options = parser.parse_args(words[:split])
    start = time.perf_counter()
    unit, problems = parse_unit(options.directory, options.file, words[split + 1 :], pch=options.pch)
    for problem in problems:
        sys.stderr.write(f"{problem.file}: {problem.reason}\n")
    if unit is not None:
        for variable in unit.variables:
            if options.function in (None, variable.id):
                sys.stdout.write(show_variable(variable) + "\n")
        for function in unit.functions:
            if options.function in (None, function.name, function.key):
                sys.stdout.write(show_function(function, options.origins) + "\n")
        sys.stderr.write(f"{len(unit.functions)} functions, {time.perf_counter() - start:.2f} s\n")
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
