"""Which settings are in force, and where each comes from.

The command line is stronger than the environment, that than ``.ptlint.toml`` (the nearest one, from TREE upwards), that than the user's own
file, that than the default; each key for itself. ``suppress`` is the exception: the entries of all files hold.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ptlint.config.model import USER_ONLY, Settings, SuppressFile, Suppression
from ptlint.errors import UsageError

__all__ = ["InForce", "Placed", "load", "suppressions", "user_file"]

NAME = ".ptlint.toml"
_ENVIRONMENT = {"cache-dir": "PTLINT_CACHE_DIR", "no-cache": "PTLINT_NO_CACHE"}


class Placed(msgspec.Struct, frozen=True):
    """A suppression, and the file that it stands in."""

    suppression: Suppression
    origin: str


class InForce(msgspec.Struct, frozen=True):
    """The settings, and for each key where its value comes from. ``suppressions`` are those of ``settings``, each with its file."""

    settings: Settings
    origins: dict[str, str]
    suppressions: tuple[Placed, ...] = ()


def load(tree: Path, environment: Mapping[str, str] = os.environ) -> InForce:
    """The settings for ``tree``, the command line aside."""
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_keys().values(), "default")
    placed: list[Placed] = []
    for origin, found in (*_files(tree), ("environment", _from_environment(environment))):
        for key, value in found.items():
            if key == "suppress":
                placed += [Placed(entry, origin) for entry in msgspec.convert(value, tuple[Suppression, ...])]
                continue
            values[key] = value
            origins[key] = f"{_ENVIRONMENT[key]} in the environment" if origin == "environment" else origin
    if placed:
        origins["suppress"] = ", ".join(dict.fromkeys(entry.origin for entry in placed))
    settings = msgspec.structs.replace(msgspec.convert(values, Settings), suppress=tuple(entry.suppression for entry in placed))
    return InForce(settings, origins, tuple(placed))


def suppressions(path: Path) -> tuple[Placed, ...]:
    """Those of a file of its own. Raises UsageError when it cannot be read, or holds anything else."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), SuppressFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from None
    return tuple(Placed(entry, str(path)) for entry in found.suppress)


def user_file() -> Path:
    """The user's own file, there or not."""
    from platformdirs import user_config_path

    return user_config_path("ptlint") / "config.toml"


def _keys() -> dict[str, str]:
    """The keys by the names of the fields."""
    return dict(zip(Settings.__struct_fields__, Settings.__struct_encode_fields__, strict=True))


def _files(tree: Path) -> list[tuple[str, dict[str, Any]]]:
    """The files that there are, the weakest first."""
    found = []
    mine = user_file()
    if mine.is_file():
        found.append((str(mine), _read(mine)))
    folder = tree.absolute()
    for place in (folder, *folder.parents):
        path = place / NAME
        if path.is_file():
            values = _read(path)
            if refused := sorted(USER_ONLY & values.keys()):
                raise UsageError(f"{path}: {refused[0]} may stand only in the user's own file ({mine})")
            found.append((str(path), values))
            break
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        msgspec.convert(values, Settings)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}") from None
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if folder := environment.get(_ENVIRONMENT["cache-dir"]):
        found["cache-dir"] = folder
    if word := environment.get(_ENVIRONMENT["no-cache"]):
        found["no-cache"] = word.lower() not in ("0", "false", "no")
    return found
