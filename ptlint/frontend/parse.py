"""Parsing one C file in one build to a typed unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .assertions import matches
from .clang import ClangMissing, load
from .cleanups import Cleanups
from .context import UnitContext
from .ir import Layout, Unit
from .lower import lower_unit, sort_functions, sort_variables
from .pch import header_files
from .problem import Problem
from .source import Sources
from .units import first_error, translation_unit

__all__ = ["Problem", "parse_unit"]


def parse_unit(
    directory: str,
    file: str,
    arguments: Sequence[str],
    wanted: Callable[[str], bool] | None = None,
    pch: str | None = None,
    unsaved: Mapping[str, bytes] | None = None,
    records: Iterable[str] = (),
    *,
    sources: Sources | None = None,
    known: set[str] | None = None,
) -> tuple[Unit | None, list[Problem]]:
    """Parse one file and lower it.

    ``directory`` is the tree's root; ``file`` is relative to it. ``arguments`` are libclang's, without the file. ``wanted`` tells by
    name which functions to lower (all, when None). ``pch`` is a header that ``make_pch`` wrote. ``unsaved`` maps paths to contents
    that stand for files on disk. ``records`` are records whose layout is wanted (``struct page``), of those that the functions use.
    ``known`` are keys of functions of headers that other units gave: they are left out, and this unit's are added.
    ``sources`` is kept by the caller to share file texts and macro indexes among units (then ``unsaved`` is taken from it).

    Returns: the unit (None when nothing could be parsed) and the problems. Broken C raises nothing.
    """
    try:
        clang = load()
    except ClangMissing as error:
        return None, [Problem(file, str(error))]
    if sources is None:
        sources = Sources(directory, unsaved)
    file = sources.relative(file)
    command = [*arguments, "-include-pch", pch] if pch else list(arguments)
    problems: list[Problem] = []
    with translation_unit(clang, sources, file, command) as handle:
        if handle is None:
            return None, [Problem(file, "libclang cannot parse the file")]
        error_ = first_error(clang, handle, sources)
        if error_ is not None:
            problems.append(Problem(file, error_))
        context = UnitContext(clang, handle, sources, file, header_files(pch), wanted, known, frozenset(records))
        functions, variables = lower_unit(context)
        layouts = _layouts(context, records)
        problems.extend(Problem(file, reason) for reason in context.failed)
        declared = dict(context.declared)
        cleanups = list(context.cleanups)
    if cleanups and pch:
        found = sources.memo.get(pch)
        if not isinstance(found, Cleanups):
            found = sources.memo[pch] = Cleanups(clang, sources, command, header_files(pch))
        functions = found.complete(cleanups, wanted, known if known is not None else set(), functions, variables, declared)
        sort_functions(functions, file)
        sort_variables(variables)
    keys = {function.key for function in functions}
    if known is not None:
        known.update(function.key for function in functions if function.place.file != file)
    left = tuple(sorted((key, result) for key, result in declared.items() if key not in keys))
    return Unit(file, tuple(functions), tuple(variables), tuple(layouts), left), problems


def _layouts(context: UnitContext, records: Iterable[str]) -> list[Layout]:
    found = []
    for name in sorted(set(records)):
        type_ = context.records.get(name)
        if type_ is not None:
            canonical = context.clang.getCanonicalType(type_)
            size = context.clang.Type_getSizeOf(canonical)
            if size >= 0:
                members = tuple(context.members(canonical))
                words = [context.member_words(canonical, member) or ("", member) for member, _, _ in members]
                declared = context.place(context.clang.getTypeDeclaration(canonical)).file
                found.append(
                    Layout(
                        name, size, members, tuple(type_ for type_, _ in words), matches(context.sources, declared), tuple(name for _, name in words)
                    )
                )
    return found
