"""What earlier runs found, kept with everything that it depends on, so that it is only used where a fresh run would say the same.

A *result* is kept with its dependencies (``deps``): the content of every file that was read, what was looked for and is not there, and the
lists of folders. It is used again when all of that holds of the tree at hand (``facts``), whatever tree that is: a work tree, a commit,
a work tree elsewhere. The key says what else went in: the tool's own code, its rules and libraries (``identity``), and the options.

``store`` is one sqlite file. There is no pickle in it; what cannot be decoded to the type that is expected is as good as absent.
"""

from __future__ import annotations

from ptlint.cache.deps import Deps, Recorder
from ptlint.cache.facts import Facts, facts_of
from ptlint.cache.identity import tool_identity
from ptlint.cache.precompiled import Precompiled, keep_file, take_file
from ptlint.cache.session import LIMIT, Session, open_session
from ptlint.cache.shelf import Shelf
from ptlint.cache.sources import lookups, search_path
from ptlint.cache.store import Store, StoreInfo
from ptlint.cache.summaries import Summaries

__all__ = [
    "LIMIT",
    "Deps",
    "Facts",
    "Precompiled",
    "Recorder",
    "Session",
    "Shelf",
    "Store",
    "StoreInfo",
    "Summaries",
    "facts_of",
    "keep_file",
    "lookups",
    "open_session",
    "search_path",
    "take_file",
    "tool_identity",
]
