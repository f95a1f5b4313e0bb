"""``bounds.h``: constants that the compiler has to say, read by parsing ``kernel/bounds.c`` with a ``DEFINE`` that makes enum constants."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ptlint.build.headers import GENERATED, KBUILD_ENUM
from ptlint.errors import Unreadable
from ptlint.tree import Tree

__all__ = ["bounds_header"]

_PREFIX = "ptlint_bound_"
_SOURCE = "kernel/bounds.c"


def bounds_header(tree: Tree, arguments: Sequence[str], generated: str) -> tuple[str, frozenset[str]]:
    """The text of ``generated/bounds.h`` of a build, empty for a tree without ``kernel/bounds.c``; and the files that were read for it.

    ``arguments`` are those that all units of the build share, ``generated`` its folder of generated headers, the others written already.
    Raises ``Unreadable`` when the file cannot be parsed.
    """
    if not tree.exists(_SOURCE):
        return "", frozenset()
    from clang import cindex

    first = f"-I{generated}/{KBUILD_ENUM.removesuffix('/linux/kbuild.h')}"
    index = cindex.Index.create()
    try:
        unit = index.parse(_SOURCE, args=[arguments[0], first, *arguments[1:]], unsaved_files=list(tree.unsaved.items()))
    except cindex.TranslationUnitLoadError:
        raise Unreadable(f"{_SOURCE}: libclang could not parse it") from None
    bad = [entry for entry in unit.diagnostics if entry.severity >= cindex.Diagnostic.Error]
    errors = [f"{entry.location.file}:{entry.location.line}: {entry.spelling}" for entry in bad]
    lines = []
    for cursor in unit.cursor.get_children():
        if cursor.spelling == "main" and cursor.is_definition():
            for inner in cursor.walk_preorder():
                if inner.kind == cindex.CursorKind.ENUM_CONSTANT_DECL and inner.spelling.startswith(_PREFIX):
                    lines.append(f"#define {inner.spelling.removeprefix(_PREFIX)} {inner.enum_value}\n")
    if errors or not lines:
        raise Unreadable(f"{_SOURCE}: {errors[0] if errors else 'no constants found'}")
    root = arguments[0].removeprefix("-working-directory=")
    files = (os.path.normpath(os.path.join(root, str(found.include))) for found in unit.get_includes())
    read = frozenset(os.path.relpath(file, root) if file.startswith(root + os.sep) else file for file in files)
    return f"/* {GENERATED}/bounds.h */\n" + "".join(lines), read | {_SOURCE}
