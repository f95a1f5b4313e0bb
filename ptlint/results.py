"""The results, which are the JSON contracts: ``ptlint-check/1``, ``ptlint-graph/1``, ``ptlint-inventory/1``,
``ptlint-overlay/1``, ``ptlint-variants/1``.

Frozen values. Their order in memory means nothing but in ``path``; ``ptlint.report.order`` sorts them. Files are paths relative to the tree, with
``/``; lines and columns count from 1. Contracts only grow: a field may be added, none may go or change its meaning.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ptlint import __version__
from ptlint.words import Severity, Table

__all__ = [
    "Accepted", "Access", "AddressSpace", "Baseline", "BaselineUse", "BuildInfo", "Cause", "Change", "ChangeSource", "CheckResult",
    "CheckStats", "Claim", "Deferral", "DiffResult", "Edge", "EdgeChange", "EdgeChanges", "EdgeKind", "ExplainResult", "Explanation",
    "Facts", "Finding", "GraphResult", "Incomplete", "InventoryResult", "Location", "Match", "Member", "Moment", "Node", "NotCovered",
    "NotLookedAt", "Object", "OverlayResult", "Part", "Proof", "ProofPart", "Related", "Result", "Role", "Safety", "Severity", "Site",
    "SiteChange", "SiteChanges", "Step", "Suppressed", "SuppressionState", "SuppressionUse", "Table", "Tool", "TreeInfo", "Unresolved",
    "VariantInfo", "VariantsResult", "Verdict", "WalkerClass", "Way",
]  # fmt: skip

AddressSpace = Literal["user", "kernel", "both"]
WalkerClass = Literal["hw", "irq", "rcu"]
Deferral = Literal["rcu", "sync-rcu", "semi-rcu", "mmu-gather", "workqueue", "immediate"]
Safety = Literal["deferred", "ipi", "exclusion", "unpublished", "teardown", "kernel", "caller", "none"]
Role = Literal["leaf", "handover", "wrapper", "decision"]
ChangeSource = Literal["patch", "range", "staged"]
Access = Literal["opens", "closes", "writes", "reads"]
Verdict = Literal["proved", "violated", "unknown"]
SuppressionState = Literal["used", "unused", "expired", "unknown"]
EdgeKind = Literal["call", "pv_ops", "callback", "container"]


class Tool(msgspec.Struct, frozen=True):
    """Who wrote the document."""

    name: str = "ptlint"
    version: str = __version__


class TreeInfo(msgspec.Struct, frozen=True):
    """What was read: the version as the tree's Makefile gives it; the commit, with ``--rev``."""

    version: str
    commit: str | None = None


class VariantInfo(msgspec.Struct, frozen=True):
    """A variant: its name (``native/no-pt-reclaim``), who fills the function table, and the symbols that tell its build apart.

    A symbol that is off has the value ``n`` in ``build``.
    """

    name: str
    runtime: str
    build: dict[str, str]


class Location(msgspec.Struct, frozen=True):
    """Where a finding stands."""

    file: str
    line: int
    column: int
    function: str


class Object(msgspec.Struct, frozen=True):
    """The table that is freed: its level, whose it is, and the expression in the source."""

    table: Table
    address_space: AddressSpace
    expression: str


class Step(msgspec.Struct, frozen=True):
    """One function on the way from the unlink to the free."""

    file: str
    line: int
    function: str
    note: str


class Related(msgspec.Struct, frozen=True):
    """Another place that belongs to a finding."""

    file: str
    line: int
    message: str


class Cause(msgspec.Struct, frozen=True):
    """The line of a change that brings the finding.

    ``line`` is that of the file after the change; before it, where the change removes the file. ``commit`` is None for a patch and for the index.
    ``part`` is the place in ``Change.parts`` of the commit or patch, from 1. ``hunk`` is the hunk's text, its ``@@`` line first.
    """

    file: str
    line: int
    commit: str | None = None
    part: int | None = None
    hunk: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A free that is reached with obligations left. ``path`` runs from the unlink (or the entry) to the free.

    ``cause`` is where the change brings it. ``known`` says that the tree had it before the change, or that the baseline has it: it does not count.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    fingerprint: str
    location: Location
    variants: tuple[str, ...]
    object: Object
    missing: tuple[WalkerClass, ...]
    path: tuple[Step, ...]
    related: tuple[Related, ...] = ()
    cause: Cause | None = None
    known: bool = False


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that a suppression hides: why, until when (``YYYY-MM-DD``; None: for good), and the file that says so."""

    finding: Finding
    reason: str
    expires: str | None
    origin: str


class SuppressionUse(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a suppression. ``findings`` counts those that it is about.

    ``used``: it hides them. ``unused``: there are none, in a run that would have seen them. ``unknown``: none, in a run that looked at a part only.
    ``expired``: it hides nothing any more.
    """

    state: SuppressionState
    findings: int
    reason: str
    origin: str
    fingerprint: str | None = None
    file: str | None = None
    function: str | None = None
    rule: str | None = None
    expires: str | None = None


class Incomplete(msgspec.Struct, frozen=True):
    """A file that matters and could not be read or parsed, or only in part. With one of these, the exit status is 2."""

    file: str
    variants: tuple[str, ...]
    reason: str


class Unresolved(msgspec.Struct, frozen=True):
    """A call that could matter and whose target is not known."""

    file: str
    line: int
    function: str
    callee: str
    variants: tuple[str, ...]


class NotCovered(msgspec.Struct, frozen=True):
    """A symbol that guards code on a freeing path, and that no build covers."""

    symbol: str
    file: str
    line: int


class NotLookedAt(msgspec.Struct, frozen=True):
    """A symbol that is left off on purpose."""

    symbol: str
    reason: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One commit or one patch of a change. ``commit`` is None for a patch and for the index; what is not known is empty.

    ``relevant`` says whether it touches anything that the analysis looks at.
    """

    commit: str | None = None
    subject: str = ""
    author: str = ""
    message_id: str = ""
    relevant: bool = True


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What lies between the two trees of a check. ``known`` counts the findings that were there before (with ``--all`` they are in
    ``findings``), ``gaps`` are the entries of ``incomplete`` that were, too.
    """

    source: ChangeSource
    before: TreeInfo
    parts: tuple[Part, ...]
    known: int = 0
    gaps: tuple[Incomplete, ...] = ()


class Accepted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding that does not count, unless it becomes more severe or comes to hold in more variants. What is not compared is for people."""

    fingerprint: str
    rule: str
    severity: Severity
    file: str
    function: str
    variants: tuple[str, ...]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The file. ``tool`` wrote it; ``variants`` are those that it looked at."""

    schema: Literal["ptlint-baseline/1"] = "ptlint-baseline/1"
    tool: Tool = Tool()
    variants: tuple[str, ...]
    findings: tuple[Accepted, ...]


class BaselineUse(msgspec.Struct, frozen=True):
    """The baseline that was used: who wrote it, how many findings it has accepted, and how many of its own are not found any more."""

    tool: Tool
    known: int
    gone: int


class CheckStats(msgspec.Struct, frozen=True):
    """How much was looked at."""

    units: int = 0
    functions: int = 0


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint check`` found. With a ``change``, ``findings`` are what it brings, and ``fixed`` what it takes away."""

    schema: Literal["ptlint-check/1"] = "ptlint-check/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    findings: tuple[Finding, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    fixed: tuple[Finding, ...] = ()
    change: Change | None = None
    baseline: BaselineUse | None = None
    suppressed: tuple[Suppressed, ...] = ()
    suppressions: tuple[SuppressionUse, ...] = ()
    stats: CheckStats = CheckStats()


class Node(msgspec.Struct, frozen=True):
    """A function, or a macro between two functions. ``frees`` says how it frees, if it does.

    ``variants`` are those that it is compiled in; empty when that is not known (then: those of its edges).
    """

    id: str
    function: str
    file: str
    line: int
    frees: Deferral | None = None
    variants: tuple[str, ...] = ()


class Edge(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A call that carries a table, or that waits for one. ``label`` is what its branch means ("fastpath")."""

    from_: str
    to: str
    kind: EdgeKind
    file: str
    line: int
    variants: tuple[str, ...]
    condition: str | None = None
    label: str | None = None


class GraphResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint graph`` reached from ``roots``: one root for each function of the name that was asked for."""

    schema: Literal["ptlint-graph/1"] = "ptlint-graph/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    roots: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a table is freed, or handed to what frees it."""

    file: str
    line: int
    function: str
    primitive: str
    role: Role
    table: Table
    address_space: AddressSpace
    variants: tuple[str, ...]
    deferral: Deferral
    safety: Safety
    waited: tuple[WalkerClass, ...]
    reason: str


class InventoryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint inventory`` found."""

    schema: Literal["ptlint-inventory/1"] = "ptlint-inventory/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    sites: tuple[Site, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Member(msgspec.Struct, frozen=True):
    """A member of a record that describes a page: where it lies, in bytes, in the builds of ``variants``."""

    record: str
    member: str
    offset: int
    size: int
    variants: tuple[str, ...] = ()
    shared: bool = False


class Match(msgspec.Struct, frozen=True):
    """A static assertion of the tree that two members (``struct page.lru``) lie at one offset, and whether they do."""

    file: str
    line: int
    one: str
    other: str
    holds: bool


class Claim(msgspec.Struct, frozen=True):
    """A use of words that an rcu_head lies over, and the levels of the tables that can be there. ``record`` declares the member."""

    file: str
    line: int
    function: str
    member: str
    access: Access
    tables: tuple[Table, ...]
    record: str = ""
    variants: tuple[str, ...] = ()


class ProofPart(msgspec.Struct, frozen=True):
    """The verdict of some variants."""

    variants: tuple[str, ...]
    verdict: Verdict
    reason: str


class Proof(msgspec.Struct, frozen=True):
    """Can ``against`` be in use when ``claim``, an rcu_head, is written? The worst verdict, with its reason; ``parts`` are those of all variants.

    ``steps`` are the lines that the reason speaks of.
    """

    claim: str
    against: str
    verdict: Verdict
    reason: str
    variants: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    parts: tuple[ProofPart, ...] = ()


class OverlayResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint overlay`` says of the words that a table is queued by."""

    schema: Literal["ptlint-overlay/1"] = "ptlint-overlay/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    record: str
    members: tuple[Member, ...]
    matches: tuple[Match, ...]
    claims: tuple[Claim, ...]
    proofs: tuple[Proof, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All sites and edges of one tree: what two trees are compared by. Not a document."""

    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    sites: tuple[Site, ...]
    edges: tuple[Edge, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is freed at a site, by which call, and in which variants."""

    primitive: str
    deferral: Deferral
    safety: Safety
    variants: tuple[str, ...]


class SiteChange(msgspec.Struct, frozen=True, kw_only=True):
    """A site that two trees have otherwise.

    Its place is that in the tree after, unless it is gone. ``label`` is what the branch that leads to it means ("no-free-memory slowpath").
    ``variants`` are those in which it is freed otherwise, or is safe for another reason.
    """

    file: str
    line: int
    function: str
    table: Table
    label: str | None
    before: tuple[Way, ...]
    after: tuple[Way, ...]
    variants: tuple[str, ...]


class EdgeChange(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """An edge of the graph that two trees have in other variants, or only one has. Nodes are ``FILE:FUNCTION``."""

    from_: str
    to: str
    kind: EdgeKind
    file: str
    line: int
    label: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]


class SiteChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The sites that only one of the trees has, and those that both have."""

    added: tuple[SiteChange, ...] = ()
    removed: tuple[SiteChange, ...] = ()
    changed: tuple[SiteChange, ...] = ()


class EdgeChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The edges that only one of the trees has, and those that both have in other variants."""

    added: tuple[EdgeChange, ...] = ()
    removed: tuple[EdgeChange, ...] = ()
    changed: tuple[EdgeChange, ...] = ()


class DiffResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint diff`` says: how ``tree`` frees otherwise than the tree ``before``. ``variants`` are those of both."""

    schema: Literal["ptlint-diff/1"] = "ptlint-diff/1"
    tool: Tool = Tool()
    tree: TreeInfo
    before: TreeInfo
    variants: tuple[VariantInfo, ...]
    sites: SiteChanges
    edges: EdgeChanges
    change: Change | None = None
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Walker(msgspec.Struct, frozen=True, kw_only=True):
    """A function that goes from one table to the next.

    ``holds`` is what keeps the tables there meanwhile: interrupts off, ``rcu_read_lock()``, a spinlock; empty where none was seen, and so
    something outside of what is tracked (a sleeping lock, ownership) must do it.
    """

    file: str
    line: int
    function: str
    tables: tuple[Table, ...]
    address_space: AddressSpace
    holds: tuple[Literal["irq", "rcu", "lock"], ...]
    variants: tuple[str, ...]


class WalkersResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint walkers`` says of a tree. ``classes`` are the walker classes that its tables must wait for, by address space."""

    schema: Literal["ptlint-walkers/1"] = "ptlint-walkers/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    classes: dict[Literal["user", "kernel"], tuple[WalkerClass, ...]]
    walkers: tuple[Walker, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class Moment(msgspec.Struct, frozen=True):
    """One step of an interleaving, in the order of time: ``side`` is who frees, or the other, who walks or uses the same words."""

    side: Literal["frees", "other"]
    file: str
    line: int
    function: str
    note: str


class Explanation(msgspec.Struct, frozen=True):
    """A finding as a race: what the two sides do, step by step, up to the moment that the freed page, or the overlaid word, is touched.

    ``other`` says who the other side is; ``outcome`` what has happened at the end.
    """

    finding: Finding
    other: str
    moments: tuple[Moment, ...]
    outcome: str


class ExplainResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint explain`` says of findings of a tree."""

    schema: Literal["ptlint-explain/1"] = "ptlint-explain/1"
    tool: Tool = Tool()
    tree: TreeInfo
    variants: tuple[VariantInfo, ...]
    explanations: tuple[Explanation, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class BuildInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A build: the symbols that tell it apart, the variants that it gives, and the builds that gave the same program and went into it."""

    name: str
    symbols: dict[str, str]
    runtimes: tuple[str, ...]
    variants: tuple[str, ...]
    units: int
    same_as: tuple[str, ...] = ()


class VariantsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ptlint variants`` says of a tree. ``not_looked_at`` is off on purpose, ``not_covered`` for want of a build."""

    schema: Literal["ptlint-variants/1"] = "ptlint-variants/1"
    tool: Tool = Tool()
    tree: TreeInfo
    builds: tuple[BuildInfo, ...]
    variants: tuple[VariantInfo, ...]
    incomplete: tuple[Incomplete, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    not_looked_at: tuple[NotLookedAt, ...] = ()


Result = CheckResult | DiffResult | ExplainResult | GraphResult | InventoryResult | OverlayResult | VariantsResult | WalkersResult
