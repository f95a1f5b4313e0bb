"""The overlay of the demo kernel: its members, who uses them, and the proofs."""

from __future__ import annotations

import pytest
from cases import DEMO

from ptlint.options import RunOptions
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.overlay_text import render
from ptlint.results import OverlayResult, Proof


@pytest.fixture(scope="module")
def overlay() -> OverlayResult:
    return ordered(run(RunOptions(tree=DEMO, variants=("nopv", "nopv/no-pt-reclaim", "nopv/pae")), NullProgress()).overlay())


def claims(overlay: OverlayResult, member: str) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(claim.function, claim.access, claim.tables) for claim in overlay.claims if claim.member == member}


def proof(overlay: OverlayResult, against: str) -> Proof:
    found = [proof for proof in overlay.proofs if proof.against == against]
    assert len(found) == 1
    return found[0]


def test_members_lie_where_the_build_puts_them(overlay: OverlayResult) -> None:
    assert overlay.record == "struct ptdesc"
    places = {(member.member, member.offset, member.size) for member in overlay.members if member.shared and "nopv" in member.variants}
    assert {("pt_rcu_head", 8, 16), ("pt_list", 8, 16), ("pmd_huge_pte", 16, 8), ("rcu_head", 8, 16), ("lru", 8, 16)} <= places
    narrow = {(member.member, member.offset, member.size) for member in overlay.members if member.shared and "nopv/pae" in member.variants}
    assert {("pt_rcu_head", 4, 8), ("pmd_huge_pte", 8, 4)} <= narrow


def test_the_assertions_of_the_tree_are_checked(overlay: OverlayResult) -> None:
    assert ("struct page.rcu_head", "struct ptdesc.pt_rcu_head") in {(match.one, match.other) for match in overlay.matches}
    assert all(match.holds for match in overlay.matches)


def test_lists_deposits_and_queues_are_claims(overlay: OverlayResult) -> None:
    assert claims(overlay, "pt_list") == {("pgd_alloc", "opens", ("pgd",)), ("pgd_free", "closes", ("pgd",))}
    assert ("pgtable_trans_huge_deposit", "opens", ("pmd",)) in claims(overlay, "pmd_huge_pte")
    assert ("pgtable_trans_huge_withdraw", "closes", ("pmd",)) in claims(overlay, "pmd_huge_pte")
    assert ("___pmd_free_tlb", "reads", ("pmd",)) in claims(overlay, "pmd_huge_pte")
    assert {("pgtable_trans_huge_deposit", "opens", ("pte",)), ("pgtable_trans_huge_withdraw", "closes", ("pte",))} <= claims(overlay, "lru")
    assert claims(overlay, "rcu_head") == {("pte_free_defer", "opens", ("pte",)), ("pte_free_now", "closes", ("pte",))}
    assert ("__tlb_remove_table_one", "opens", ("pte", "pmd", "pud")) in claims(overlay, "pt_rcu_head")


@pytest.mark.parametrize("against", ["pt_list", "pmd_huge_pte", "lru"])
def test_the_slot_is_free(overlay: OverlayResult, against: str) -> None:
    found = proof(overlay, against)
    assert (found.claim, found.verdict) == ("pt_rcu_head", "proved"), found.reason
    assert found.steps
    assert "mm/pgtable-generic.c:" in found.reason


def test_text_draws_the_words(overlay: OverlayResult) -> None:
    text = render(overlay, Style())
    picture = text[: text.index("static assertions")]
    assert picture.count("|               pmd_huge_pte") + picture.count("|     pmd_huge_pte     |") >= 1
    assert "proved: pt_list is free when pt_rcu_head is written" in text
    assert all(len(line) < 170 for line in text.splitlines())
