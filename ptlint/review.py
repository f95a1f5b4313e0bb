"""A change looked at: the tree before, the tree after each of its commits or patches, and what each brings.

Nothing is analysed for a commit that touches nothing that matters; the tree after one commit is the tree before the next, and is analysed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ptlint import resources
from ptlint.change.relevance import Relevance, same_text
from ptlint.change.step import Delta, Step
from ptlint.compare.cause import cause
from ptlint.compare.findings import compare, new_calls
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.results import (
    Change,
    ChangeSource,
    CheckResult,
    DiffResult,
    EdgeChanges,
    Facts,
    Finding,
    Incomplete,
    NotCovered,
    Part,
    SiteChanges,
    TreeInfo,
    VariantInfo,
)

if TYPE_CHECKING:
    from ptlint.tree import Tree

__all__ = ["ChangeRequest", "Planned", "differ", "left_out", "planned", "review"]


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which change is asked about; one of ``patch`` (its name and bytes), ``span`` (``A..B``) and ``staged``.

    ``squash`` takes the sum of all commits or patches; ``three_way`` lets the repository help where a patch does not apply; ``everything`` keeps
    what was known before in the result. ``amend``: the index takes the place of HEAD instead of following it.
    """

    patch: tuple[str, bytes] | None = None
    span: str | None = None
    staged: bool = False
    amend: bool = False
    squash: bool = False
    three_way: bool = False
    everything: bool = False


class Planned(msgspec.Struct, frozen=True):
    """A change, read but not analysed. ``before`` opens the tree before it (None: there is none); ``steps`` say for each part what it changes.

    ``ground`` opens the tree that the steps are laid over, one after the other; it is ``before`` where there is one. ``others`` open
    the trees that are merged into it: what they have is not new either.
    """

    source: ChangeSource
    info: TreeInfo
    steps: tuple[Step, ...]
    before: Callable[[], Tree] | None
    ground: Callable[[], Tree]
    others: tuple[Callable[[], Tree], ...] = ()

    @property
    def relevant(self) -> bool:
        """Whether any part matters."""
        return any(step.part.relevant for step in self.steps)


def review(plan: Planned, request: ChangeRequest, look: Callable[[Tree], CheckResult]) -> CheckResult:
    """What the change brings. ``look`` analyses a tree.

    A finding belongs to the first commit or patch that brings it, with the hunk that most likely does.
    """
    from ptlint.tree.overlay import Overlay

    parts = tuple(step.part for step in plan.steps)
    change = Change(source=plan.source, before=plan.info, parts=parts)
    unread = tuple(Incomplete(path, (), "a binary change cannot be laid over it") for step in plan.steps for path in step.unread if _matters(path))
    if not plan.relevant:
        return CheckResult(tree=TreeInfo(plan.info.version, _last_commit(parts)), variants=(), findings=(), incomplete=unread, change=change)
    ground = plan.ground()
    before = now = look(plan.before()) if plan.before else None
    changed: dict[str, bytes | None] = {}
    new: dict[str, Finding] = {}
    fixed: dict[str, Finding] = {}
    for number, step in enumerate(plan.steps, 1):
        changed |= _effect(step.deltas)
        if not step.part.relevant:
            continue
        after = look(Overlay(ground, changed, step.part.commit))
        difference = compare(now, after, step.deltas)
        for finding in difference.new:
            new.setdefault(finding.fingerprint, msgspec.structs.replace(finding, cause=cause(finding, step, number)))
        fixed |= {finding.fingerprint: finding for finding in difference.fixed}
        now = after
    assert now is not None
    for other in plan.others if new else ():
        merged = {finding.fingerprint for finding in compare(look(other()), now).known}
        new = {fingerprint: finding for fingerprint, finding in new.items() if fingerprint not in merged}
    known = _known(now, new)
    rest = known if request.everything else ()
    return msgspec.structs.replace(
        now,
        findings=(*new.values(), *(msgspec.structs.replace(finding, known=True) for finding in rest)),
        fixed=tuple(fixed.values()),
        incomplete=(*now.incomplete, *unread),
        unresolved=now.unresolved if request.everything or before is None else new_calls(before.unresolved, now.unresolved),
        not_covered=now.not_covered if request.everything or before is None else _new_guards(before.not_covered, now.not_covered),
        change=msgspec.structs.replace(change, known=len(known), gaps=_gaps(before, now)),
        variants=_all_variants(now.variants, before.variants if before else ()),
    )


def differ(plan: Planned, look: Callable[[Tree], Facts]) -> DiffResult:
    """How the change alters the ways of freeing, all of it at once. ``look`` analyses a tree."""
    from ptlint.compare.semantic import difference
    from ptlint.tree.overlay import Overlay

    parts = tuple(step.part for step in plan.steps)
    change = Change(source=plan.source, before=plan.info, parts=parts)
    info = TreeInfo(plan.info.version, _last_commit(parts))
    nothing = Facts(tree=plan.info, variants=(), sites=(), edges=())
    if not plan.relevant:
        return DiffResult(tree=info, before=plan.info, variants=(), sites=SiteChanges(), edges=EdgeChanges(), change=change)
    ground = plan.ground()
    before = look(plan.before()) if plan.before else nothing
    changed: dict[str, bytes | None] = {}
    for step in plan.steps:
        changed |= _effect(step.deltas)
    after = look(Overlay(ground, changed, info.commit))
    return msgspec.structs.replace(difference(before, after), change=change)


def _known(now: CheckResult, new: dict[str, Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in now.findings if finding.fingerprint not in new)


def _gaps(before: CheckResult | None, now: CheckResult) -> tuple[Incomplete, ...]:
    known = {(gap.file, gap.reason) for gap in before.incomplete} if before else set()
    return tuple(gap for gap in now.incomplete if (gap.file, gap.reason) in known)


def _new_guards(before: tuple[NotCovered, ...], after: tuple[NotCovered, ...]) -> tuple[NotCovered, ...]:
    known = {(guard.symbol, guard.file) for guard in before}
    return tuple(guard for guard in after if (guard.symbol, guard.file) not in known)


def _all_variants(now: tuple[VariantInfo, ...], before: tuple[VariantInfo, ...]) -> tuple[VariantInfo, ...]:
    """Those after, and those that only findings that are gone can be in."""
    names = {variant.name for variant in now}
    return (*now, *(variant for variant in before if variant.name not in names))


def _last_commit(parts: tuple[Part, ...]) -> str | None:
    return parts[-1].commit if parts else None


def _effect(deltas: tuple[Delta, ...]) -> dict[str, bytes | None]:
    gone: dict[str, bytes | None] = {delta.source: None for delta in deltas if delta.source != delta.path}
    return gone | {delta.path: delta.after for delta in deltas}


def _matters(path: str) -> bool:
    return Relevance(resources.rules()).path(path)


def left_out(plan: Planned) -> str | None:
    """A line about files of a patch that the tree does not have; None when it has all."""
    absent = list(dict.fromkeys(path for step in plan.steps for path in step.absent))
    more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
    return f"{absent[0]}{more}: not in this tree, and of nothing that is looked at: left out" if absent else None


@contextmanager
def planned(options: RunOptions, request: ChangeRequest) -> Iterator[Planned]:
    """Read the change that ``request`` names; the trees that it leads to are open until the block ends.

    Raises ``UsageError`` when there is no such change, or it does not apply.
    """
    relevance = Relevance(resources.rules())
    with ExitStack() as stack:
        if request.patch is not None:
            yield _patches(options, request, relevance, stack)
        else:
            yield _commits(options, request, relevance, stack)


def _patches(options: RunOptions, request: ChangeRequest, relevance: Relevance, stack: ExitStack) -> Planned:
    from ptlint.change.mail import read_patches
    from ptlint.tree import open_tree
    from ptlint.tree.patched import lay

    assert request.patch is not None
    name, data = request.patch
    patches = read_patches(data, name)
    base = stack.enter_context(open_tree(options.tree, options.rev))
    merge = None
    if request.three_way:
        from ptlint.tree.history import three_way
        from ptlint.tree.objects import Repository

        merge = three_way(stack.enter_context(Repository(str(options.tree))))
    steps, tree = [], base
    for patch in patches:
        step, tree = lay(tree, patch, merge, relevance.path)
        steps.append(step)
    if request.squash and len(steps) > 1:
        steps = [_sum(steps)]
    return Planned("patch", TreeInfo(base.version, base.commit), tuple(_judged(step, relevance) for step in steps), lambda: base, lambda: base)


def _commits(options: RunOptions, request: ChangeRequest, relevance: Relevance, stack: ExitStack) -> Planned:
    from ptlint.tree.base import kernel_version
    from ptlint.tree.history import History
    from ptlint.tree.objects import Repository

    root = str(options.tree)
    if not Path(root).is_dir():
        raise UsageError(f"{root}: no such folder; give the root of a Linux source tree")
    repository = stack.enter_context(Repository(root))
    history = History(repository, relevance.path)
    first: str | None
    if request.staged:
        first, step = history.staged(request.amend)
        steps = [step]
    else:
        first, commits = history.range(request.span or "")
        pairs = list(zip([first, *commits], commits, strict=False))
        steps = [history.sum(first, commits[-1])] if request.squash and commits else [history.step(*pair) for pair in pairs]
    makefile = repository.at(f"{first or ''}:Makefile")
    version = kernel_version(repository.read(makefile, "Makefile")) if makefile else ""
    source: ChangeSource = "staged" if request.staged else "range"

    def before() -> Tree:
        from ptlint.tree import open_tree

        assert first is not None
        return stack.enter_context(open_tree(root, first))

    def ground() -> Tree:
        from ptlint.tree.commit import ObjectTree

        tree = ObjectTree(repository, repository.index(), None)
        stack.callback(tree.close)
        return tree

    opened: list[Tree] = []

    def once() -> Tree:
        if not opened:
            opened.append(before() if first is not None else ground())
        return opened[0]

    info = TreeInfo(version, first)

    def merged(commit: str) -> Callable[[], Tree]:
        from ptlint.tree import open_tree

        return lambda: stack.enter_context(open_tree(root, commit))

    others = tuple(map(merged, repository.merging())) if request.staged else ()
    return Planned(source, info, tuple(_judged(step, relevance) for step in steps), once if first is not None else None, once, others)


def _judged(step: Step, relevance: Relevance) -> Step:
    """The step, and whether it matters: by paths, then by what its files say."""
    matters = any(
        (relevance.path(delta.path) or relevance.path(delta.source))
        and (delta.path != delta.source or not same_text(delta.path, delta.before, delta.after))
        for delta in step.deltas
    )
    return msgspec.structs.replace(step, part=msgspec.structs.replace(step.part, relevant=matters))


def _sum(steps: list[Step]) -> Step:
    """Several steps as one: each file from its first bytes to its last."""
    found: dict[str, Delta] = {}
    for step in steps:
        for delta in step.deltas:
            earlier = found.pop(delta.source, None)
            source, before = (earlier.source, earlier.before) if earlier else (delta.source, delta.before)
            found[delta.path] = Delta(delta.path, source, before, delta.after)
    deltas = tuple(delta for delta in found.values() if delta.before != delta.after or delta.path != delta.source)
    absent = tuple(path for step in steps for path in step.absent)
    return Step(Part(subject=f"{len(steps)} patches"), deltas, tuple(path for step in steps for path in step.unread), absent)
