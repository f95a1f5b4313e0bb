"""JSON, as the contracts have it: indented, keys in the order of the contract, the same bytes for the same result."""

from __future__ import annotations

import json

import msgspec

from ptlint.report.interface import Style

__all__ = ["render"]

_ENCODER = msgspec.json.Encoder(order="deterministic")


def render(result: msgspec.Struct, style: Style) -> str:
    """The document."""
    try:
        return msgspec.json.format(_ENCODER.encode(result), indent=2).decode() + "\n"
    except UnicodeEncodeError:  # bytes of a path or a source that are no UTF-8: escaped, as Python carries them
        return json.dumps(msgspec.to_builtins(result, order="deterministic"), indent=2) + "\n"
