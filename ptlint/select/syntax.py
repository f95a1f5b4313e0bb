"""A second opinion from tree-sitter, for files whose braces do not come out even.

Neither reading is evidence that something is not there: what either of them takes for a function is one.
"""

from __future__ import annotations

import functools

import msgspec
import tree_sitter
import tree_sitter_c

from ptlint.select.split import Definition, Parts

__all__ = ["complete"]


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))


def complete(parts: Parts) -> Parts:
    """``parts`` with the functions that only tree-sitter sees."""
    known = {definition.body for definition in parts.definitions}
    names = {name for definition in parts.definitions for name in definition.names}
    more = [found for found in _functions(_parser().parse(parts.text).root_node) if found.body not in known and not names.issuperset(found.names)]
    if not more:
        return parts
    return msgspec.structs.replace(parts, definitions=tuple(sorted((*parts.definitions, *more), key=lambda found: found.start)))


def _functions(root: tree_sitter.Node) -> list[Definition]:
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type != "function_definition":
            stack.extend(node.children)
            continue
        name, body = node.child_by_field_name("declarator"), node.child_by_field_name("body")
        while name is not None and name.type != "identifier":
            name = name.child_by_field_name("declarator") or (name.named_children[0] if name.type == "parenthesized_declarator" else None)
        if name is not None and name.text and body is not None:
            found.append(Definition((name.text.decode("utf-8", "replace"),), node.start_byte, body.start_byte, node.end_byte, ()))
    return found
