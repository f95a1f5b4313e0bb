"""What the tool itself is: a result of other code, rules or libraries is none of ours."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from ptlint import __version__, resources

__all__ = ["tool_identity"]

_LIBRARIES = ("clang", "kconfiglib", "msgspec", "networkx", "tree_sitter", "tree_sitter_c")


def tool_identity() -> bytes:
    """A digest of ptlint's code, its rules, Python, and the libraries that have a say in the result."""
    state = hashlib.blake2b(digest_size=16)
    state.update(f"{__version__}\0{sys.version}\0".encode())
    package = Path(__file__).resolve().parent.parent
    for folder, ends in ((package, ".py"), (resources.rules(), ".toml")):
        for path in _files(str(folder), ends):
            with open(path, "rb") as file:
                data = file.read()
            state.update(f"{os.path.relpath(path, folder)}\0{len(data)}\0".encode())
            state.update(data)
    for name in _LIBRARIES:
        state.update(f"{name}\0{_stamp(_origin(name))}\0".encode())
    library = os.environ.get("PTLINT_LIBCLANG")
    if not library and (clang := _origin("clang")):
        native = Path(clang).parent / "native"
        library = next((str(path) for path in sorted(native.glob("libclang.*"))), "")
    state.update(_stamp(library or "").encode())
    return state.digest()


def _files(folder: str, ends: str) -> list[str]:
    found = []
    for below, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [os.path.join(below, name) for name in names if name.endswith(ends)]
    return sorted(found)


def _origin(name: str) -> str:
    spec = importlib.util.find_spec(name)
    return spec.origin or "" if spec is not None else ""


def _stamp(path: str) -> str:
    """A file as it stands there: too large to be read each time."""
    try:
        found = os.stat(path)
    except OSError:
        return f"{path}\0-"
    return f"{path}\0{found.st_size}\0{found.st_mtime_ns}"
