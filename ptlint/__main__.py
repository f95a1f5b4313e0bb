"""``python -m ptlint``."""

from __future__ import annotations

from ptlint.cli import main

if __name__ == "__main__":
    main()
