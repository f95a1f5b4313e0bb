"""``ptlint cache``."""

from __future__ import annotations

from pathlib import Path

import click

from ptlint.cli.run import cache_dir
from ptlint.cli.terminal import put, say
from ptlint.config.load import load

__all__ = ["command"]

_MEBIBYTE = 1 << 20
_ACTIONS = ("info", "clear", "prune")


@click.command("cache")
@click.argument("action", type=click.Choice(_ACTIONS), default="info")
@click.option("--cache-dir", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The cache's folder [also PTLINT_CACHE_DIR].")
@click.option("--limit", type=click.IntRange(min=0), metavar="MIB", help="With prune: what may stay, in MiB [default: the cache's own limit].")
def command(action: str, folder: Path | None, limit: int | None) -> None:
    """Show what earlier runs left (info), drop all of it (clear), or what was not used for longest (prune)."""
    from ptlint.cache import LIMIT, Precompiled, Store

    folder = folder or cache_dir(load(Path()).settings)
    store, headers = Store(folder, lambda text: say(f"ptlint: {text}"), LIMIT), Precompiled(folder)
    try:
        if action == "clear":
            headers.clear()
            put(f"{store.clear()} entries dropped\n")
        elif action == "prune":
            most = store.limit if limit is None else limit * _MEBIBYTE
            put(f"{store.prune(most)} entries dropped, and {headers.prune(most)} precompiled headers\n")
        else:
            info = store.info()
            put(f"{info.path}: {info.size / _MEBIBYTE:.1f} MiB of at most {info.limit / _MEBIBYTE:.0f} MiB\n")
            put("".join(f"{kind}: {count} entries, {size / _MEBIBYTE:.1f} MiB\n" for kind, (count, size) in info.entries.items()))
            put(f"precompiled headers: {headers.size / _MEBIBYTE:.1f} MiB in {headers.folder}\n")
    finally:
        store.close()
