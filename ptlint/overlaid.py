"""The document of ``ptlint overlay``: what several builds say of the overlaid words, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ptlint import results
from ptlint.analysis.result import BuildResult, FoundProof
from ptlint.words import LEVELS

__all__ = ["overlay"]

_VERDICTS = ("violated", "unknown", "proved")


def overlay(builds: tuple[BuildResult, ...], only: Callable[[Iterable[str]], tuple[str, ...]], **common: Any) -> results.OverlayResult:
    """The overlay of a tree. ``only`` keeps the variants that were asked for; ``common`` is what every document has."""
    builds = tuple(build for build in builds if only(build.variants))
    records = sorted({build.overlay.record for build in builds if build.overlay.record})
    return results.OverlayResult(
        record=records[0] if records else "", members=_members(builds, only), matches=_matches(builds), claims=_claims(builds, only),
        proofs=_proofs(builds, only), **common,
    )  # fmt: skip


def _members(builds: tuple[BuildResult, ...], only: Callable[[Iterable[str]], tuple[str, ...]]) -> tuple[results.Member, ...]:
    found: dict[tuple[str, str, int, int, bool], set[str]] = {}
    for build in builds:
        for row in build.overlay.members:
            found.setdefault((row.record, row.member, row.offset, row.size, row.shared), set()).update(build.variants)
    return tuple(results.Member(record, member, offset, size, only(names), shared) for (record, member, offset, size, shared), names in found.items())


def _matches(builds: tuple[BuildResult, ...]) -> tuple[results.Match, ...]:
    found = {(row.file, row.line, row.one, row.other): True for build in builds for row in build.overlay.matches}
    for build in builds:
        for row in build.overlay.matches:
            found[(row.file, row.line, row.one, row.other)] &= row.holds
    return tuple(results.Match(*key, holds) for key, holds in found.items())


def _claims(builds: tuple[BuildResult, ...], only: Callable[[Iterable[str]], tuple[str, ...]]) -> tuple[results.Claim, ...]:
    found: dict[tuple[str, int, str, str, str], tuple[set[str], set[str]]] = {}
    for build in builds:
        for row in build.overlay.claims:
            tables, names = found.setdefault((row.file, row.line, row.function, row.member, row.access), (set(), set()))
            tables.update(row.tables)
            names.update(row.variants)
    rows = []
    for (file, line, function, path, access), (tables, names) in found.items():
        variants = only(names)
        if variants:
            levels = tuple(level for level in LEVELS if level in (tables - {"any"} or tables))
            record, _, member = path.rpartition(".")
            word = msgspec.convert(access, results.Access)
            rows.append(results.Claim(file, line, function, member, word, msgspec.convert(levels, tuple[results.Table, ...]), record, variants))
    return tuple(rows)


def _proofs(builds: tuple[BuildResult, ...], only: Callable[[Iterable[str]], tuple[str, ...]]) -> tuple[results.Proof, ...]:
    """Of a pair the worst verdict, with its reasons; builds that give the same reason are told together."""
    found: dict[tuple[str, str], list[FoundProof]] = {}
    for build in builds:
        for proof in build.overlay.proofs:
            found.setdefault((proof.claim, proof.against), []).append(proof)
    rows = []
    for (claim, against), proofs in found.items():
        worst = min((proof.verdict for proof in proofs), key=_VERDICTS.index)
        told: dict[tuple[str, str], set[str]] = {}
        for proof in proofs:
            told.setdefault((proof.verdict, proof.reason), set()).update(proof.variants)
        parts = tuple(
            results.ProofPart(only(names), msgspec.convert(verdict, results.Verdict), reason) for (verdict, reason), names in sorted(told.items())
        )
        bad = [part for part in parts if part.verdict == worst]
        reason = bad[0].reason if len(bad) == 1 else " ".join(f"[{', '.join(part.variants)}] {part.reason}" for part in bad)
        steps = dict.fromkeys(results.Step(step.file, step.line, step.function, step.note) for proof in proofs for step in proof.steps)
        variants = only(name for proof in proofs for name in proof.variants)
        verdict = msgspec.convert(worst, results.Verdict)
        rows.append(results.Proof(claim.rpartition(".")[2], against.rpartition(".")[2], verdict, reason, variants, tuple(steps), parts))
    return tuple(rows)
