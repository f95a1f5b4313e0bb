"""The JSON Schemas of what ptlint writes and reads: ``python -m ptlint.report.schema docs/schema``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec

from ptlint.config.model import Settings
from ptlint.report.documents import ConfigDocument, RulesDocument
from ptlint.results import (
    Baseline,
    CheckResult,
    DiffResult,
    ExplainResult,
    GraphResult,
    InventoryResult,
    OverlayResult,
    VariantsResult,
    WalkersResult,
)

__all__ = ["schemas", "write"]

_DOCUMENTS = {
    "baseline": Baseline,
    "check": CheckResult,
    "diff": DiffResult,
    "explain": ExplainResult,
    "graph": GraphResult,
    "inventory": InventoryResult,
    "overlay": OverlayResult,
    "variants": VariantsResult,
    "walkers": WalkersResult,
}


def schemas() -> dict[str, bytes]:
    """The text of each schema, by file name."""
    found = {f"{name}.json": _text(name, _written(msgspec.json.schema(kind))) for name, kind in _DOCUMENTS.items()}
    found |= {"rules.json": _text("rules", _written(msgspec.json.schema(RulesDocument)))}
    found |= {"settings.json": _text("config --format json", _written(msgspec.json.schema(ConfigDocument)))}
    return found | {"config.json": _text("configuration file", msgspec.json.schema(Settings))}


def write(folder: Path) -> None:
    """Put them into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_bytes(text)


def _text(name: str, schema: dict[str, Any]) -> bytes:
    for record in schema["$defs"].values():
        if "description" in record:
            # The indentation of a docstring depends on the version of Python, and on that of msgspec.
            record["description"] = inspect.cleandoc(record["description"])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"ptlint {name}"}
    return msgspec.json.format(msgspec.json.encode(head | schema, order="deterministic"), indent=2) + b"\n"


def _written(schema: dict[str, Any]) -> dict[str, Any]:
    """What is written always has all its fields, those with a default too; and the tool's version is no part of the contract."""
    for record in schema["$defs"].values():
        record["required"] = list(record["properties"])
        for field in record["properties"].values():
            field.pop("default", None)
    return schema


if __name__ == "__main__":
    write(Path(sys.argv[1]))
