"""From the results of the builds to the documents of the contracts: equal things of several builds are one, with all their variants."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from ptlint import interleaving, results, rulebook
from ptlint.analysis.result import BuildResult, FoundHolder, FoundSite, Link, Proof, RawFinding, Spot
from ptlint.build.model import Build
from ptlint.divergence import divergences
from ptlint.errors import UsageError
from ptlint.overlaid import overlay
from ptlint.words import LEVELS, SEVERITIES

__all__ = ["Outcome"]

_CLASSES: tuple[results.WalkerClass, ...] = ("hw", "irq", "rcu")
_FREES = ("rcu", "sync-rcu", "semi-rcu", "mmu-gather", "workqueue", "immediate")
_ROLES = ("decision", "handover", "leaf", "wrapper")


class Outcome(msgspec.Struct, frozen=True):
    """One tree, looked at once. ``builds`` are those that were analysed, in the order of ``analysed``."""

    version: str
    commit: str | None
    builds: tuple[Build, ...]
    all_builds: tuple[Build, ...]
    analysed: tuple[BuildResult, ...]
    guards: tuple[tuple[str, str, int], ...]
    chosen: frozenset[str]
    figures: dict[str, int | float]

    # ---- documents -----------------------------------------------------------------------------------------

    def check(self, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> results.CheckResult:
        """The findings: of the rules in ``select`` (all, when empty) but not in ``ignore``, in files below ``only``."""
        merged: dict[tuple[str, str, int, int, str], list[RawFinding]] = {}
        for build in self.analysed:
            for finding in build.findings:
                wanted = (not select or finding.rule in select) and finding.rule not in ignore and _below(finding.at.file, only)
                if wanted and self._kept(finding.variants):
                    at = finding.at
                    merged.setdefault((finding.rule, at.file, at.line, at.column, finding.message), []).append(finding)
        for raw in divergences(self.inventory().sites):
            if (not select or raw.rule in select) and raw.rule not in ignore and _below(raw.at.file, only):
                merged[(raw.rule, raw.at.file, raw.at.line, raw.at.column, raw.message)] = [raw]
        seen: dict[str, int] = {}
        found = []
        for key in sorted(merged):
            one = self._finding(merged[key])
            count = seen[one.fingerprint] = seen.get(one.fingerprint, 0) + 1
            if count > 1:
                one = msgspec.structs.replace(one, fingerprint=_digest(one.fingerprint, str(count)))
            found.append(one)
        return results.CheckResult(
            tree=self._tree(),
            variants=self._variants(),
            findings=tuple(found),
            incomplete=self._incomplete(),
            unresolved=self._unresolved(),
            not_covered=self._not_covered(),
            stats=results.CheckStats(max((r.units for r in self.analysed), default=0), max((r.functions for r in self.analysed), default=0)),
        )

    def inventory(self) -> results.InventoryResult:
        """The sites: one for each place and verdict."""
        merged: dict[tuple[str, ...], list[FoundSite]] = {}
        for build in self.analysed:
            for site in build.sites:
                if self._kept(site.variants):
                    key = (site.file, str(site.line), str(site.column), site.function, site.text, site.deferral, site.safety)
                    merged.setdefault(key, []).append(site)
        return results.InventoryResult(
            tree=self._tree(),
            variants=self._variants(),
            sites=tuple(self._site(merged[key]) for key in sorted(merged)),
            incomplete=self._incomplete(),
            unresolved=self._unresolved(),
            not_covered=self._not_covered(),
        )

    def explain(self, word: str) -> results.ExplainResult:
        """Findings as races: those that ``word``, a fingerprint or FILE:LINE, names. Raises UsageError when there is none."""
        found = interleaving.matching(word, self.check((), (), ()).findings)
        if not found:
            raise UsageError(f"no finding is called {word!r}: name one by FILE:LINE, or by the fingerprint that check --format json gives")
        walkers = sorted({walker for build in self.analysed for walker in build.walkers}, key=lambda one: (one.kind, -one.levels, one.file, one.line))
        claims = self.overlay().claims
        return results.ExplainResult(
            tree=self._tree(), variants=self._variants(), explanations=tuple(interleaving.explain(one, walkers, claims) for one in found),
            incomplete=self._incomplete(), unresolved=self._unresolved(), not_covered=self._not_covered(),
        )  # fmt: skip

    def overlay(self) -> results.OverlayResult:
        """The words that a table is queued by, who uses them, and whether they are free then."""
        return overlay(
            self.analysed, self._only, tree=self._tree(), variants=self._variants(), incomplete=self._incomplete(),
            unresolved=self._unresolved(), not_covered=self._not_covered(),
        )  # fmt: skip

    def facts(self) -> results.Facts:
        """All sites and edges."""
        return results.Facts(
            tree=self._tree(), variants=self._variants(), sites=self.inventory().sites,
            edges=tuple(self._edge(link, variants) for link, variants in self._links().items()),
            incomplete=self._incomplete(), unresolved=self._unresolved(), not_covered=self._not_covered(),
        )  # fmt: skip

    def walkers(self) -> results.WalkersResult:
        """Who walks tables, and by what they hold them."""
        merged: dict[tuple[str, str, tuple[str, ...], str], list[FoundHolder]] = {}
        for build in self.analysed:
            for walker in build.holders:
                if self._kept(walker.variants):
                    merged.setdefault((walker.file, walker.function, walker.holds, walker.address_space), []).append(walker)
        found = tuple(
            results.Walker(
                file=same[0].file, line=min(walker.line for walker in same), function=same[0].function,
                tables=tuple(_table(level) for level in sorted({level for walker in same for level in walker.levels})),
                address_space=_space(same[0].address_space), holds=msgspec.convert(same[0].holds, tuple[Literal["irq", "rcu", "lock"], ...]),
                variants=self._only(variant for walker in same for variant in walker.variants),
            )
            for same in merged.values()
        )  # fmt: skip
        return results.WalkersResult(
            tree=self._tree(), variants=self._variants(), classes={"user": self._classes(found, "user"), "kernel": self._classes(found, "kernel")},
            walkers=found, incomplete=self._incomplete(), unresolved=self._unresolved(), not_covered=self._not_covered(),
        )  # fmt: skip

    def _classes(self, found: tuple[results.Walker, ...], space: str) -> tuple[results.WalkerClass, ...]:
        """Whom a table of an address space must wait for: the MMU, and those who hold tables by no lock."""
        free = [walker.holds for walker in found if walker.address_space in (space, "both") and "lock" not in walker.holds]
        return tuple(word for word in _CLASSES if word == "hw" or any(word in holds for holds in free))

    def graph(self, root: str) -> results.GraphResult:
        """What is reached from ``[FILE:]FUNCTION``. Raises UsageError, with names that are near, when there is no such function."""
        file, _, name = root.rpartition(":")
        spots = {spot for build in self.analysed for spot in build.spots}
        spots |= {spot for build in self.analysed for link in build.links for spot in (link.source, link.target)}
        roots = sorted(spot for spot in spots if spot.name == name and (not file or spot.file == file))
        if not roots:
            near = difflib.get_close_matches(name, sorted({spot.name for spot in spots}), 3)
            raise UsageError(f"no function {root!r} in what was read{'; there is ' + ', '.join(near) if near else ''}")
        links = self._links()
        below: dict[Spot, list[results.Edge]] = {}
        targets: dict[results.Edge, Spot] = {}
        for link, variants in links.items():
            edge = self._edge(link, variants)
            below.setdefault(link.source, []).append(edge)
            targets[edge] = link.target
        reached, edges, stack = set(roots), [], list(roots)
        while stack:
            for edge in below.get(stack.pop(), ()):
                edges.append(edge)
                if targets[edge] not in reached:
                    reached.add(targets[edge])
                    stack.append(targets[edge])
        ways: dict[str, str] = {}
        for build in self.analysed:
            for key, word in build.frees.items():
                # Builds may differ: the way that waits for most is the one that is named.
                ways[key] = min(word, ways.get(key, word), key=_FREES.index)
        where = self._where()
        nodes = tuple(
            results.Node(
                id=_id(spot), function=spot.name, file=spot.file, line=spot.line,
                frees=_deferral(ways[spot.key]) if spot.key in ways else None, variants=where.get(spot.key, ()),
            )
            for spot in sorted(reached)
        )  # fmt: skip
        return results.GraphResult(
            tree=self._tree(), variants=self._variants(), roots=tuple(_id(spot) for spot in roots), nodes=nodes, edges=tuple(edges),
            incomplete=self._incomplete(), unresolved=self._unresolved(), not_covered=self._not_covered(),
        )  # fmt: skip

    def variants(self) -> results.VariantsResult:
        """The builds and what tells them apart."""
        builds = tuple(
            results.BuildInfo(
                name=build.name, symbols=self._apart(build), runtimes=build.runtimes,
                variants=tuple(build.variant(runtime) for runtime in build.runtimes),
                units=next((result.units for result in self.analysed if result.build == build.name), 0), same_as=build.same_as,
            )
            for build in self.all_builds
        )  # fmt: skip
        return results.VariantsResult(
            tree=self._tree(), builds=builds, variants=self._variants(), incomplete=self._incomplete(), unresolved=self._unresolved(),
            not_covered=self._not_covered(),
        )  # fmt: skip

    def statistics(self) -> dict[str, int | float]:
        """How much of what, and how long it took."""
        return self.figures

    # ---- parts ---------------------------------------------------------------------------------------------

    def _tree(self) -> results.TreeInfo:
        return results.TreeInfo(version=self.version, commit=self.commit)

    def _variants(self) -> tuple[results.VariantInfo, ...]:
        return tuple(
            results.VariantInfo(name=build.variant(runtime), runtime=runtime, build=self._apart(build))
            for build in self.builds
            for runtime in build.runtimes
            if not self.chosen or build.variant(runtime) in self.chosen
        )

    def _apart(self, build: Build) -> dict[str, str]:
        """The symbols by which the derived builds differ in kind: on or off in some, and named by a suffix or by the guests."""
        parts = {part for other in self.all_builds for part in other.suffix.split("/") if part.startswith("no-")}
        telling = ("X86_64", "PARAVIRT", "X86_PAE", *sorted(part[3:].upper().replace("-", "_") for part in parts))
        return {symbol: build.symbols.get(symbol, "n") for symbol in telling}

    def _kept(self, variants: Iterable[str]) -> bool:
        return not self.chosen or bool(self.chosen & set(variants))

    def _only(self, variants: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(variants) & self.chosen if self.chosen else set(variants)))

    def _incomplete(self) -> tuple[results.Incomplete, ...]:
        merged: dict[tuple[str, str], set[str]] = {}
        for build in self.analysed:
            for file, reason in build.incomplete:
                merged.setdefault((file, reason), set()).update(build.variants)
        return tuple(results.Incomplete(file, self._only(variants), reason) for (file, reason), variants in sorted(merged.items()))

    def _unresolved(self) -> tuple[results.Unresolved, ...]:
        merged: dict[tuple[str, int, str, str], set[str]] = {}
        for build in self.analysed:
            for file, line, function, callee, variants in build.unresolved:
                merged.setdefault((file, line, function, callee), set()).update(variants)
        return tuple(results.Unresolved(*key, self._only(variants)) for key, variants in sorted(merged.items()) if self._kept(variants))

    def _not_covered(self) -> tuple[results.NotCovered, ...]:
        return tuple(results.NotCovered(symbol, file, line) for symbol, file, line in sorted(set(self.guards)))

    def _finding(self, same: list[RawFinding]) -> results.Finding:
        worst = min(same, key=lambda finding: (SEVERITIES.index(finding.severity), -len(finding.path), finding.variants))
        at = worst.at
        missing = {name for finding in same for name in finding.missing}
        return results.Finding(
            rule=worst.rule,
            name=rulebook.find(worst.rule).name,
            severity=_severity(worst.severity),
            message=worst.message,
            fingerprint=_digest(worst.rule, at.file, at.function, at.text, worst.message),
            location=results.Location(at.file, at.line, at.column, at.function),
            variants=self._only(variant for finding in same for variant in finding.variants),
            object=results.Object(
                _table(_common(finding.table for finding in same)), _space(_common(finding.address_space for finding in same)), at.text
            ),
            missing=tuple(name for name in _CLASSES if name in missing),
            path=tuple(_step(proof) for proof in worst.path),
        )

    def _site(self, same: list[FoundSite]) -> results.Site:
        first = same[0]
        role = min((site.role for site in same), key=_ROLES.index)
        return results.Site(
            file=first.file, line=first.line, function=first.function, primitive=first.text, role=msgspec.convert(role, results.Role),
            table=_table(_common(site.table for site in same)), address_space=_space(_common(site.address_space for site in same)),
            variants=self._only(variant for site in same for variant in site.variants), deferral=_deferral(first.deferral),
            safety=msgspec.convert(first.safety, results.Safety), waited=tuple(name for name in _CLASSES if name in first.waited),
            reason=first.reason,
        )  # fmt: skip

    def _links(self) -> dict[Link, tuple[str, ...]]:
        merged: dict[Link, set[str]] = {}
        for build in self.analysed:
            for link in build.links:
                if self._kept(link.variants):
                    merged.setdefault(msgspec.structs.replace(link, variants=()), set()).update(link.variants)
        return {link: self._only(variants) for link, variants in sorted(merged.items())}

    def _edge(self, link: Link, variants: tuple[str, ...]) -> results.Edge:
        return results.Edge(
            from_=_id(link.source), to=_id(link.target), kind=_kind(link.kind), file=link.place.file, line=link.place.line,
            variants=variants, label=link.label or None,
        )  # fmt: skip

    def _where(self) -> dict[str, tuple[str, ...]]:
        merged: dict[str, set[str]] = {}
        for build in self.analysed:
            for spot in build.spots:
                merged.setdefault(spot.key, set()).update(build.variants)
        return {key: self._only(variants) for key, variants in merged.items()}


def _below(file: str, only: tuple[str, ...]) -> bool:
    return not only or any(file == path or file.startswith(path.rstrip("/") + "/") for path in only)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _id(spot: Spot) -> str:
    return f"{spot.file}:{spot.name}"


def _step(proof: Proof) -> results.Step:
    return results.Step(proof.file, proof.line, proof.function, proof.note)


def _common(words: Iterable[str]) -> str:
    found = set(words)
    known = found - {"any", "both", ""}
    return next(iter(known)) if len(known) == 1 else next(iter(sorted(found)))


def _table(word: str) -> results.Table:
    return word if word in LEVELS else "any"


def _space(word: str) -> results.AddressSpace:
    return word if word in ("user", "kernel") else "both"  # type: ignore[return-value]


def _deferral(word: str) -> results.Deferral:
    value: results.Deferral = msgspec.convert(word, results.Deferral)
    return value


def _severity(word: str) -> results.Severity:
    value: results.Severity = msgspec.convert(word, results.Severity)
    return value


def _kind(word: str) -> results.EdgeKind:
    value: results.EdgeKind = msgspec.convert(word, results.EdgeKind)
    return value
