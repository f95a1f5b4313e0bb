"""Derive, don't recognise: the Python code names no function of a kernel."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from cases import DEMO, ROOT

_FUNCTION = re.compile(r"^[a-z_][\w\s*]*?\b(\w+)\([^;{}#]*\)\s*\{", re.MULTILINE)
_MACRO = re.compile(r"^#\s*define\s+(\w+)\(", re.MULTILINE)
FILES = sorted((ROOT / "ptlint").rglob("*.py"))
# Words of C, of make and of English that happen to name something in a kernel as well.
WORDS = {"main", "f", "container_of", "offsetof", "likely", "unlikely", "if", "for", "while", "switch"}


def _listed(value: object) -> set[str]:
    """The strings below ``names`` in a rule file."""
    if isinstance(value, dict):
        own = {name for key in ("names",) for name in value.get(key, ()) if isinstance(name, str)}
        return own.union(*(_listed(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_listed(part) for part in value))
    return set()


def kernel_names() -> set[str]:
    border = _listed(tomllib.loads((ROOT / "rules/border.toml").read_text()))
    texts = [path.read_text() for path in sorted(DEMO.rglob("*.[ch]"))]
    demo = {name for text in texts for pattern in (_FUNCTION, _MACRO) for name in pattern.findall(text)}
    return {name for name in (border | demo) - WORDS if not name.startswith("__builtin_")}


NAMES = kernel_names()


def literals(source: str) -> list[tuple[int, str]]:
    """The string literals of a file with their lines, docstrings and the names in ``__all__`` aside."""
    tree = ast.parse(source)
    aside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                aside.add(id(first.value))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            aside.add(id(node.value))
        elif isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            aside.update(id(inner) for inner in ast.walk(node.value))
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in aside]
    return [(node.lineno, node.value) for node in constants if isinstance(node.value, str)]


def named(source: str) -> list[tuple[int, str]]:
    """Kernel functions in string literals: in a sentence only ``name()`` is one, in any other literal every word."""
    found = []
    for line, value in literals(source):
        sentence = " " in value.strip()
        words = re.findall(r"(\w+)\(\)", value) if sentence else re.findall(r"\w+", value)
        found += [(line, word) for word in words if word in NAMES]
    return found


def test_the_names_are_there() -> None:
    assert {"free_pte", "tlb_remove_table", "pte_free_tlb", "call_rcu", "synchronize_rcu", "__free_pages", "pmd_clear"} <= NAMES
    assert len(NAMES) > 250


def test_what_is_looked_for_is_found() -> None:
    assert named('x = "pte_free_tlb"') == [(1, "pte_free_tlb")]
    assert named('"""pte_free_tlb"""\nX = {"call_rcu": 1}') == [(2, "call_rcu")]
    assert named('re.compile(r"free_pte|other")') == [(1, "free_pte")]
    assert named('x = f"{a}call_rcu"') == [(1, "call_rcu")]
    assert named('def f():\n    """call_rcu"""\n    return "something else"') == []


# What a reader is told: the only kernel functions that messages name, as words of English for a class of walkers.
SPOKEN = {"rcu_read_lock"}


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT / "ptlint")) for path in FILES])
def test_no_function_of_a_kernel_is_named(path: Path) -> None:
    text = path.read_text()
    spoken = [(line, word) for line, word in named(text) if word in SPOKEN]
    assert [one for one in named(text) if one not in spoken] == []
    if "analysis/lifecycle/" not in str(path):
        assert spoken == []
