"""Parsing one C file in one build to a typed unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from .clang import ClangMissing, load
from .cleanups import Cleanups
from .context import UnitContext
from .headers import layouts, lower_headers
from .ir import Layout, Shared, Unit
from .lower import lower_queue, lower_unit, sort_functions, sort_variables
from .pch import header_files
from .problem import Problem
from .source import Sources
from .units import first_error, translation_unit

__all__ = ["Headers", "Parsed", "Problem", "parse_shared", "parse_unit"]


class Parsed(msgspec.Struct, frozen=True, array_like=True):
    """A unit without the functions of the precompiled header, which all units of a build share: ``refs`` are those that it names.

    ``read`` are the files that it is made of, but those of the header. ``unit`` is None when nothing could be parsed.
    """

    file: str
    unit: Unit | None
    refs: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    read: tuple[str, ...] = ()


class Headers(msgspec.Struct):
    """What was lowered of a precompiled header so far, in one process. ``bound`` is set when that is not the same for all units after all."""

    functions: dict[str, Shared] = {}
    layouts: dict[str, Layout] = {}
    known: set[str] = set()
    bound: bool = False


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
) -> tuple[Unit | None, list[Problem]]:
    """Parse one file and lower it with all that it reaches.

    ``directory`` is the tree's root; ``file`` is relative to it. ``arguments`` are libclang's, without the file. ``wanted`` tells by
    name which functions to lower (all, when None). ``pch`` is a header that ``make_pch`` wrote. ``unsaved`` maps paths to contents
    that stand for files on disk. ``records`` are records whose layout is wanted (``struct page``), of those that the functions use.
    ``sources`` is kept by the caller to share file texts and macro indexes among units (then ``unsaved`` is taken from it).

    Returns: the unit (None when nothing could be parsed) and the problems. Broken C raises nothing.
    """
    headers = Headers()
    parsed = parse_shared(sources or Sources(directory, unsaved), file, arguments, headers, pch, frozenset(records), wanted)
    unit = parsed.unit
    if unit is not None:
        functions = [*unit.functions, *(one.function for one in headers.functions.values())]
        variables = {found.id: found for found in (*unit.variables, *(static for one in headers.functions.values() for static in one.statics))}
        sort_functions(functions, unit.file)
        ordered = sorted(variables.values(), key=lambda found: (found.place.file, found.place.line, found.id))
        merged = {layout.record: layout for layout in (*headers.layouts.values(), *unit.layouts)}
        unit = Unit(unit.file, tuple(functions), tuple(ordered), tuple(merged[name] for name in sorted(merged)), unit.declared)
    return unit, list(parsed.problems)


def parse_shared(
    sources: Sources,
    file: str,
    arguments: Sequence[str],
    headers: Headers,
    pch: str | None,
    records: frozenset[str],
    wanted: Callable[[str], bool] | None = None,
) -> Parsed:
    """As ``parse_unit``, but functions of the precompiled header are lowered once for all units that are given the same ``headers``."""
    try:
        clang = load()
    except ClangMissing as error:
        return Parsed(file, None, problems=(Problem(file, str(error)),))
    file = sources.relative(file)
    command = [*arguments, "-include-pch", pch] if pch else list(arguments)
    problems: list[Problem] = []
    with translation_unit(clang, sources, file, command) as handle:
        if handle is None:
            headers.bound = True
            return Parsed(file, None, problems=(Problem(file, "libclang cannot parse the file"),))
        error_ = first_error(clang, handle, sources)
        if error_ is not None:
            problems.append(Problem(file, error_))
        context = UnitContext(clang, handle, sources, file, header_files(pch), wanted, headers.known, records)
        functions, variables = lower_unit(context)
        shared, cleanups = lower_headers(context, records, headers.layouts)
        while context.queue:
            # A function of the unit's own that only the header's lead to: what these reach is not the same for all units.
            headers.bound = True
            lower_queue(context, functions, variables)
            more, cleanups = lower_headers(context, records, headers.layouts)
            shared += more
        sort_functions(functions, file)
        sort_variables(variables)
        # Records of the unit's own may be queued by a node, too.
        own = layouts(context, {name: type_ for name, type_ in context.own.records.items() if name in records or context.declares(type_)})
        unit_layouts = tuple(own)
        problems.extend(Problem(file, reason) for reason in context.failed)
    refs = context.own.refs
    headers.bound = headers.bound or context.bound
    if cleanups and pch:
        found = sources.memo.get(pch)
        if not isinstance(found, Cleanups):
            found = sources.memo[pch] = Cleanups(clang, sources, command, header_files(pch), records)
        found.find(cleanups)
        functions = [found.renamed(function) for function in functions]
        shared = [found.completed(one) for one in shared]
        refs = refs | found.refs(context.own.cleanups)
        named = refs.union(*(one.refs for one in shared))
        shared += found.reached(named, headers.known | {one.function.key for one in shared})
        headers.layouts.update(found.layouts)
        headers.bound = headers.bound or found.bound
    for one in shared:
        headers.functions[one.function.key] = one
        headers.known.add(one.function.key)
    keys = {function.key for function in functions}
    left = tuple(sorted((key, result) for key, result in context.own.declared.items() if key not in keys))
    unit = Unit(file, tuple(functions), tuple(variables), unit_layouts, left)
    return Parsed(file, unit, tuple(sorted(refs)), tuple(problems), context.read)
