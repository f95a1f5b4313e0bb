"""The documents that are no result of a run: ``ptlint rules`` and ``ptlint config`` as JSON."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ptlint.config.load import InForce
from ptlint.results import Tool
from ptlint.rulebook import Rule

__all__ = ["ConfigDocument", "RulesDocument", "Setting", "config"]


class RulesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """All rules, with their documentation."""

    schema: Literal["ptlint-rules/1"] = "ptlint-rules/1"
    tool: Tool = Tool()
    rules: tuple[Rule, ...]


class Setting(msgspec.Struct, frozen=True):
    """A setting's value, and where it comes from: ``default``, a file, or the environment."""

    value: Any
    origin: str


class ConfigDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, by the keys of the configuration file."""

    schema: Literal["ptlint-config/1"] = "ptlint-config/1"
    tool: Tool = Tool()
    settings: dict[str, Setting]


def config(found: InForce) -> ConfigDocument:
    """What is in force, in the order of the keys."""
    values = msgspec.to_builtins(found.settings).items()
    return ConfigDocument(settings={key: Setting(value, found.origins[key]) for key, value in values})
