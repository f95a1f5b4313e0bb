"""The order of every list: the same result gives the same bytes, however it was put together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any, TypeVar

import msgspec

from ptlint.results import (
    Change,
    CheckResult,
    Claim,
    DiffResult,
    Edge,
    EdgeChanges,
    ExplainResult,
    Finding,
    GraphResult,
    Incomplete,
    InventoryResult,
    Match,
    NotCovered,
    OverlayResult,
    Result,
    Site,
    SiteChanges,
    Unresolved,
    VariantInfo,
    VariantsResult,
    WalkersResult,
)

__all__ = ["ordered"]

_Value = TypeVar("_Value", bound=msgspec.Struct)
_ResultT = TypeVar("_ResultT", CheckResult, DiffResult, ExplainResult, GraphResult, InventoryResult, OverlayResult, VariantsResult, WalkersResult)
_CLASSES = ("hw", "irq", "rcu")


def ordered(result: _ResultT) -> _ResultT:
    """The same result with all its lists in order, and nothing in them twice."""
    own: _ResultT = _own(result)
    return msgspec.structs.replace(own, variants=_variants(result.variants), **_common(result))


def _common(result: Result) -> dict[str, tuple[msgspec.Struct, ...]]:
    return {
        "incomplete": _sorted(map(_incomplete, result.incomplete), "file", "reason", "variants"),
        "unresolved": _sorted(map(_unresolved, result.unresolved), "file", "line", "function", "callee", "variants"),
        "not_covered": _sorted(result.not_covered, *NotCovered.__struct_fields__),
    }


@singledispatch
def _own(result: Result) -> Any:
    raise TypeError(type(result))


@_own.register
def _(result: CheckResult) -> CheckResult:
    hidden = (msgspec.structs.replace(entry, finding=_finding(entry.finding)) for entry in result.suppressed)
    suppressed = {_place(entry.finding): entry for entry in hidden}
    return msgspec.structs.replace(
        result,
        findings=_findings(result.findings),
        fixed=_findings(result.fixed),
        change=_change(result.change),
        suppressed=tuple(suppressed[key] for key in sorted(suppressed)),
        suppressions=_sorted(result.suppressions, "origin", "rule", "file", "function", "fingerprint", "reason", "expires"),
    )


@_own.register
def _(result: DiffResult) -> DiffResult:
    sites = {name: _sorted(getattr(result.sites, name), "file", "line", "function", "before", "after") for name in SiteChanges.__struct_fields__}
    edges = {name: _sorted(getattr(result.edges, name), "from_", "to", "kind", "file", "line") for name in EdgeChanges.__struct_fields__}
    change = _change(result.change)
    return msgspec.structs.replace(result, sites=SiteChanges(**sites), edges=EdgeChanges(**edges), change=change)


@_own.register
def _(result: ExplainResult) -> ExplainResult:
    told = {_finding(one.finding): one for one in result.explanations}
    whole = tuple(msgspec.structs.replace(told[finding], finding=finding) for finding in _findings(told))
    return msgspec.structs.replace(result, explanations=whole)


@_own.register
def _(result: GraphResult) -> GraphResult:
    nodes = tuple(msgspec.structs.replace(node, variants=_names(node.variants)) for node in result.nodes)
    edges = tuple(msgspec.structs.replace(edge, variants=_names(edge.variants)) for edge in result.edges)
    return msgspec.structs.replace(
        result,
        roots=_names(result.roots),
        nodes=_sorted(nodes, "id", "file", "line"),
        edges=_sorted(edges, *Edge.__struct_fields__),
    )


@_own.register
def _(result: InventoryResult) -> InventoryResult:
    sites = tuple(msgspec.structs.replace(site, variants=_names(site.variants), waited=_classes(site.waited)) for site in result.sites)
    return msgspec.structs.replace(result, sites=_sorted(sites, *Site.__struct_fields__))


@_own.register
def _(result: OverlayResult) -> OverlayResult:
    members = tuple(msgspec.structs.replace(member, variants=_names(member.variants)) for member in result.members)
    claims = tuple(msgspec.structs.replace(claim, variants=_names(claim.variants)) for claim in result.claims)
    proofs = tuple(
        msgspec.structs.replace(proof, variants=_names(proof.variants), parts=_sorted(proof.parts, "verdict", "reason", "variants"))
        for proof in result.proofs
    )
    return msgspec.structs.replace(
        result,
        members=_sorted(members, "record", "offset", "size", "member", "variants"),
        matches=_sorted(result.matches, *Match.__struct_fields__),
        claims=_sorted(claims, *Claim.__struct_fields__),
        proofs=_sorted(proofs, "claim", "against", "verdict", "reason"),
    )


@_own.register
def _(result: WalkersResult) -> WalkersResult:
    walkers = tuple(msgspec.structs.replace(walker, variants=_names(walker.variants)) for walker in result.walkers)
    return msgspec.structs.replace(result, walkers=_sorted(walkers, "file", "line", "function", "address_space", "holds", "tables", "variants"))


@_own.register
def _(result: VariantsResult) -> VariantsResult:
    builds = tuple(
        msgspec.structs.replace(build, runtimes=_names(build.runtimes), variants=_names(build.variants), same_as=_names(build.same_as))
        for build in result.builds
    )
    return msgspec.structs.replace(
        result,
        builds=_sorted(builds, "name", "variants"),
        not_looked_at=_sorted(result.not_looked_at, "symbol", "reason"),
    )


def _change(change: Change | None) -> Change | None:
    return change and msgspec.structs.replace(change, gaps=_sorted(map(_incomplete, change.gaps), "file", "reason", "variants"))


def _findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    inside = {_finding(finding): None for finding in findings}
    return tuple(sorted(inside, key=_place))


def _place(finding: Finding) -> tuple[str, int, int, str, str, tuple[str, ...], str]:
    place = finding.location
    return place.file, place.line, place.column, finding.rule, finding.fingerprint, finding.variants, finding.message


def _finding(finding: Finding) -> Finding:
    return msgspec.structs.replace(
        finding,
        variants=_names(finding.variants),
        missing=_classes(finding.missing),
        related=_sorted(finding.related, "file", "line", "message"),
    )


def _incomplete(entry: Incomplete) -> Incomplete:
    return msgspec.structs.replace(entry, variants=_names(entry.variants))


def _unresolved(entry: Unresolved) -> Unresolved:
    return msgspec.structs.replace(entry, variants=_names(entry.variants))


def _variants(variants: Iterable[VariantInfo]) -> tuple[VariantInfo, ...]:
    return tuple(sorted(variants, key=lambda variant: variant.name))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _classes(classes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(classes), key=_CLASSES.index))


def _sorted(values: Iterable[_Value], *fields: str) -> tuple[_Value, ...]:
    def key(value: _Value) -> list[tuple[bool, object]]:
        found = (getattr(value, field) for field in fields)
        return [(part is not None, part if part is not None else 0) for part in found]

    unique: list[_Value] = []
    for value in sorted(values, key=key):
        if not unique or unique[-1] != value:
            unique.append(value)
    return tuple(unique)
