"""Formats: samples of each result in each format, the schemas, the order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from ptlint import rulebook
from ptlint.report import check_concise, check_text, schema
from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.order import ordered
from ptlint.report.registry import FORMATS, renderer
from ptlint.results import (
    BuildInfo,
    Cause,
    Change,
    CheckResult,
    CheckStats,
    Claim,
    DiffResult,
    Edge,
    EdgeChange,
    EdgeChanges,
    ExplainResult,
    Explanation,
    Finding,
    GraphResult,
    Incomplete,
    InventoryResult,
    Location,
    Match,
    Member,
    Moment,
    Node,
    NotCovered,
    NotLookedAt,
    Object,
    OverlayResult,
    Part,
    Proof,
    ProofPart,
    Related,
    Site,
    SiteChange,
    SiteChanges,
    Step,
    TreeInfo,
    Unresolved,
    VariantInfo,
    VariantsResult,
    Walker,
    WalkersResult,
    Way,
)

RUNTIMES = ("nopv", "native", "xen", "hyperv", "kvm")
GUESTS = ("hyperv", "kvm", "nopv", "xen")
SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"
SEED = """\
free_pte
  pte_free_tlb
    __pte_free_tlb
      ___pte_free_tlb
        paravirt_tlb_remove_table
          tlb_remove_table [!CONFIG_PARAVIRT, Xen PV, Hyper-V, KVM]
            [no-free-memory slowpath:]
              tlb_table_invalidate
              tlb_remove_table_one
                __tlb_remove_table_one [frees via RCU]
            [fastpath:]
              tlb_table_flush
                tlb_remove_table_free [frees via RCU]
          native_tlb_remove_table [CONFIG_PARAVIRT on native]
            tlb_remove_table [see above]
"""


def _variants(*suffixes: str) -> tuple[VariantInfo, ...]:
    def build(runtime: str, suffix: str) -> dict[str, str]:
        return {"PARAVIRT": "n" if runtime == "nopv" else "y", "PT_RECLAIM": "n" if suffix == "no-pt-reclaim" else "y"}

    return tuple(
        VariantInfo(f"{runtime}/{suffix}" if suffix else runtime, runtime, build(runtime, suffix))
        for suffix in suffixes or ("",)
        for runtime in RUNTIMES
    )


TREE = TreeInfo("6.12.43", None)
COMMON: dict[str, Any] = {
    "tree": TREE,
    "variants": _variants(),
    "incomplete": (Incomplete("mm/memory.c", ("xen", "nopv"), "line 3: expected ';'"),),
    "unresolved": (Unresolved("mm/a.c", 7, "f", "ops->free", ("kvm",)),),
    "not_covered": (NotCovered("NEW", "mm/a.c", 9),),
}


def seed_graph() -> GraphResult:
    """The seed's graph as a tree would give it: two functions of one name in the variants, a pv_ops call."""
    names = {
        "a": "free_pte", "b": "pte_free_tlb", "c": "__pte_free_tlb", "d": "___pte_free_tlb", "e": "paravirt_tlb_remove_table",
        "e2": "paravirt_tlb_remove_table", "t": "tlb_remove_table", "n": "native_tlb_remove_table", "i": "tlb_table_invalidate",
        "o": "tlb_remove_table_one", "oo": "__tlb_remove_table_one", "f": "tlb_table_flush", "tf": "tlb_remove_table_free",
    }  # fmt: skip
    frees = {"oo", "tf"}
    nodes = tuple(Node(key, name, f"mm/{key}.c", 1, "rcu" if key in frees else None, RUNTIMES if key == "a" else ()) for key, name in names.items())
    paravirt = ("native", "xen", "hyperv", "kvm")
    slow, fast = "no-free-memory slowpath", "fastpath"
    rows: list[tuple[str, str, int, tuple[str, ...], str, str | None]] = [
        ("a", "b", 1, RUNTIMES, "call", None), ("b", "c", 1, RUNTIMES, "call", None), ("c", "d", 1, RUNTIMES, "call", None),
        ("d", "e", 1, paravirt, "call", None), ("d", "e2", 1, ("nopv",), "call", None), ("e2", "t", 3, ("nopv",), "call", None),
        ("e", "n", 5, ("native",), "pv_ops", None), ("e", "t", 5, ("xen", "hyperv"), "pv_ops", None), ("e", "t", 5, ("kvm",), "pv_ops", None),
        ("n", "t", 1, ("native",), "call", None), ("t", "i", 10, RUNTIMES, "call", slow), ("t", "o", 11, RUNTIMES, "call", slow),
        ("o", "oo", 1, RUNTIMES, "call", None), ("t", "f", 20, RUNTIMES, "call", fast), ("f", "tf", 1, RUNTIMES, "call", None),
    ]  # fmt: skip
    edges = tuple(
        Edge(
            from_=a,
            to=b,
            kind=kind,
            file=f"mm/{a}.c",
            line=line,
            variants=variants,
            label=label,
            condition="has(KVM)" if variants == ("kvm",) else None,
        )  # type: ignore[arg-type]
        for a, b, line, variants, kind, label in rows
    )
    return GraphResult(tree=TREE, variants=_variants(), roots=("a",), nodes=nodes, edges=edges)


def check_result() -> CheckResult:
    """Two findings, and something of everything else."""
    finding = Finding(
        rule="PTL002", name="semi-rcu-free", severity="warning", message="table freed after an IPI only", fingerprint="ab12",
        location=Location("mm/b.c", 12, 3, "one"), variants=("nopv", "kvm"), object=Object("any", "user", "table"), missing=("rcu",),
        path=(Step("mm/z.c", 5, "zap", "unlinks it"), Step("mm/b.c", 12, "one", "frees it")), related=(Related("mm/w.c", 1, "walks"),),
    )  # fmt: skip
    other = msgspec.structs.replace(finding, rule="PTL001", name="immediate-free", severity="error", location=Location("mm/a.c", 1, 1, "f"))
    return CheckResult(findings=(finding, other), stats=CheckStats(3, 1200), **COMMON)


def inventory_result() -> InventoryResult:
    """One site."""
    site = Site(
        file="mm/b.c", line=12, function="one", primitive="free_page(table)", role="leaf", table="any", address_space="user",
        variants=("nopv", "kvm"), deferral="semi-rcu", safety="caller", waited=("irq", "hw"), reason="mm/b.c:11: IPI",
    )  # fmt: skip
    return InventoryResult(sites=(site, site), **COMMON)


def variants_result() -> VariantsResult:
    """Two builds."""
    pv = BuildInfo(name="pv", symbols={"PARAVIRT": "y"}, runtimes=RUNTIMES[1:], variants=RUNTIMES[1:], units=40, same_as=("pv/no-pt-reclaim",))
    nopv = BuildInfo(name="nopv", symbols={"PARAVIRT": "n"}, runtimes=("nopv",), variants=("nopv",), units=39)
    return VariantsResult(builds=(pv, nopv), not_looked_at=(NotLookedAt("LOCKDEP", "changes locks"),), **COMMON)


def overlay_result() -> OverlayResult:
    """Two members over the words of a third, a use of each, and a proof."""
    members = tuple(
        Member("struct ptdesc", name, offset, size, RUNTIMES, True)
        for name, offset, size in (("pt_rcu_head", 8, 16), ("pt_list", 8, 16), ("x", 16, 8))
    )
    claims = (
        Claim("mm/b.c", 9, "queue", "pt_rcu_head", "opens", ("pte", "pmd"), "struct ptdesc", RUNTIMES),
        Claim("mm/a.c", 4, "add", "pt_list", "opens", ("pgd",), "struct ptdesc", ("nopv", "kvm")),
    )
    proof = Proof(
        "pt_rcu_head",
        "pt_list",
        "proved",
        "mm/a.c:4 and mm/b.c:9: no table is both",
        RUNTIMES,
        (Step("mm/a.c", 4, "add", "opens"),),
        (ProofPart(RUNTIMES, "proved", "mm/a.c:4 and mm/b.c:9: no table is both"),),
    )
    match = Match("mm/a.h", 3, "struct page.lru", "struct ptdesc.pt_list", True)
    return OverlayResult(record="struct ptdesc", members=members, matches=(match,), claims=claims, proofs=(proof,), **COMMON)


def diff_result() -> DiffResult:
    """A site that frees otherwise, and an edge that went."""
    ways = [Way(primitive="free_page(table)", deferral=word, safety="none", variants=("nopv", "kvm")) for word in ("semi-rcu", "rcu")]  # type: ignore[arg-type]
    site = SiteChange(
        file="mm/b.c", line=12, function="one", table="any", label="slowpath", before=(ways[0],), after=(ways[1],), variants=("kvm", "nopv")
    )
    edge = EdgeChange(from_="mm/b.c:one", to="mm/b.c:two", kind="call", file="mm/b.c", line=3, label=None, before=("nopv",), after=())
    return DiffResult(before=TREE, sites=SiteChanges(changed=(site,)), edges=EdgeChanges(removed=(edge,)), **COMMON)


def walkers_result() -> WalkersResult:
    """One of each way to hold a table, out of order."""
    rows: tuple[tuple[str, tuple[Any, ...]], ...] = (("zap", ("lock",)), ("map", ("rcu",)), ("gup", ("irq",)), ("teardown", ()))
    walkers = tuple(
        Walker(file="mm/b.c", line=9, function=name, tables=("pmd", "pte"), address_space="user", holds=holds, variants=RUNTIMES)
        for name, holds in rows
    )
    return WalkersResult(classes={"user": ("hw", "irq", "rcu"), "kernel": ("hw",)}, walkers=walkers, **COMMON)


def explain_result() -> ExplainResult:
    """A finding as a race."""
    finding = check_result().findings[0]
    moments = (
        Moment("other", "mm/w.c", 1, "walk", "reads the entry"),
        *(Moment("frees", step.file, step.line, step.function, step.note) for step in finding.path),
        Moment("other", "", 0, "the MMU", "reads the page"),
    )
    return ExplainResult(explanations=(Explanation(finding, "who walks", moments, "The page is somebody else's."),), **COMMON)


SAMPLES: dict[str, Any] = {
    "check": check_result,
    "diff": diff_result,
    "explain": explain_result,
    "graph": seed_graph,
    "inventory": inventory_result,
    "overlay": overlay_result,
    "variants": variants_result,
    "walkers": walkers_result,
}


@pytest.mark.parametrize("command", SAMPLES)
def test_documents_validate(command: str) -> None:
    document = json.loads(renderer(command, "json")(ordered(SAMPLES[command]()), Style()))
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{command}.json").read_text()))
    validator.check_schema(validator.schema)
    validator.validate(document)
    assert list(document)[:2] == ["schema", "tool"]
    assert document["schema"] == f"ptlint-{command}/1"
    del document["tree"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_schemas_are_up_to_date() -> None:
    """``make docs`` writes them."""
    assert {path.name: path.read_bytes() for path in SCHEMAS.glob("*.json")} == schema.schemas()


@pytest.mark.parametrize(("command", "form"), [(command, form) for command, forms in FORMATS.items() for form in forms])
def test_every_format_is_the_same_for_any_order(command: str, form: str) -> None:
    result = SAMPLES[command]()
    lists = {
        field: tuple(reversed(value))
        for field in result.__struct_fields__
        if isinstance(value := getattr(result, field), tuple)
    }  # fmt: skip
    text = renderer(command, form)(ordered(result), Style(verbose=True))
    assert text == renderer(command, form)(ordered(msgspec.structs.replace(result, **lists)), Style(verbose=True))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\x1b" not in text


def test_seed_graph_reads_as_in_the_commit() -> None:
    assert renderer("graph", "text")(ordered(seed_graph()), Style()) == SEED


def test_roots_of_one_name_get_a_tree_each() -> None:
    graph = seed_graph()
    other = msgspec.structs.replace(graph, roots=("a", "z"), nodes=(*graph.nodes, Node("z", "free_pte", "arch/z.c", 9)))
    assert renderer("graph", "text")(ordered(other), Style()) == f"# mm/a.c:1\n{SEED}\n# arch/z.c:9\nfree_pte\n"


def test_a_recursion_ends() -> None:
    nodes = (Node("a", "f", "a.c", 1), Node("b", "g", "a.c", 5, "immediate"))
    edges = tuple(Edge(from_=a, to=b, kind="callback", file="a.c", line=2, variants=("nopv",)) for a, b in ("ab", "ba"))
    text = renderer("graph", "text")(ordered(GraphResult(tree=TREE, variants=_variants(), roots=("a",), nodes=nodes, edges=edges)), Style())
    assert text == "f\n  g [callback] [frees at once]\n    f [callback] [see above]\n"


def test_dot_and_mermaid_hold_every_edge() -> None:
    graph = ordered(seed_graph())
    dot, mermaid = (renderer("graph", form)(graph, Style()) for form in ("dot", "mermaid"))
    assert dot.count(" -> ") == len(graph.edges)
    assert '"a" [label="free_pte\\nmm/a.c:1", peripheries=2];' in dot
    assert '"e" -> "t" [style=bold, label="[KVM]\\nif has(KVM)"];' in dot
    assert sum(any(arrow in line for arrow in ("-->", "==>", "-.->")) for line in mermaid.splitlines()) == len(graph.edges)


@pytest.mark.parametrize(
    ("names", "among", "phrase"),
    [
        (GUESTS, RUNTIMES, "!CONFIG_PARAVIRT, Xen PV, Hyper-V, KVM"),
        (("native",), RUNTIMES, "CONFIG_PARAVIRT on native"),
        (("nopv", "nopv/no-pt-reclaim"), None, "!CONFIG_PARAVIRT"),
        (RUNTIMES, None, "CONFIG_PT_RECLAIM"),
        (tuple(f"{name}/no-pt-reclaim" for name in RUNTIMES), None, "!CONFIG_PT_RECLAIM"),
        (("xen", "kvm"), None, "Xen PV, KVM with CONFIG_PT_RECLAIM"),
        (("nopv", "nopv/no-pt-reclaim", "xen"), None, "!CONFIG_PARAVIRT; Xen PV with CONFIG_PT_RECLAIM"),
        (("xen", "kvm/no-pt-reclaim"), None, "xen, kvm/no-pt-reclaim"),
    ],
)
def test_variants_in_words(names: tuple[str, ...], among: tuple[str, ...] | None, phrase: str) -> None:
    known = Names(_variants("", "no-pt-reclaim"))
    assert known.phrase(frozenset(names), frozenset(among) if among else known.all()) == phrase


def test_check_as_text() -> None:
    text = check_text.render(ordered(check_result()), Style(verbose=True))
    assert (
        text
        == """\
mm/a.c:1:1: error: table freed after an IPI only [PTL001 immediate-free]
  in f, table of any level of user space: table
  variants: nopv, kvm
  not waited for: rcu
    mm/z.c:5:  zap: unlinks it
    mm/b.c:12: one: frees it
    mm/w.c:1: see also: walks
  fingerprint: ab12

mm/b.c:12:3: warning: table freed after an IPI only [PTL002 semi-rcu-free]
  in one, table of any level of user space: table
  variants: nopv, kvm
  not waited for: rcu
    mm/z.c:5:  zap: unlinks it
    mm/b.c:12: one: frees it
    mm/w.c:1: see also: walks
  fingerprint: ab12

mm/memory.c: incomplete: line 3: expected ';' (nopv, xen)
mm/a.c:7: unresolved: f calls ops->free (kvm)
mm/a.c:9: not covered: CONFIG_NEW
"""
    )
    assert check_text.summary(check_result()) == (
        "1 error, 1 warning; 3 units, 1,200 functions, 5 variants; 1 file not read in full; 1 call not resolved; 1 symbol that no build covers"
    )


def test_check_concise() -> None:
    assert (
        check_concise.render(ordered(check_result()), Style())
        == """\
mm/a.c:1:1: error: table freed after an IPI only [PTL001]
mm/b.c:12:3: warning: table freed after an IPI only [PTL002]
mm/memory.c:1:1: error: line 3: expected ';' [incomplete]
"""
    )


def test_colour_only_when_asked() -> None:
    assert "\x1b[1;33mwarning\x1b[0m" in check_concise.render(check_result(), Style(color=True))


def test_rules_are_explained() -> None:
    for rule in rulebook.load():
        assert rule.id.startswith("PTL")
        assert all(text.strip() for text in (rule.title, rule.what, rule.why, rule.example, rule.instead))
        assert max(map(len, "\n".join((rule.what, rule.why, rule.example, rule.instead)).splitlines())) <= 120


def test_names_that_are_no_utf8_do_not_break_json() -> None:
    result = msgspec.structs.replace(check_result(), incomplete=(Incomplete("mm/\udcff.c", (), "unreadable"),))
    document = json.loads(renderer("check", "json")(ordered(result), Style()))
    assert document["incomplete"][0]["file"] == "mm/\udcff.c"
    assert list(document) == list(json.loads(renderer("check", "json")(ordered(check_result()), Style())))


def changed_result() -> CheckResult:
    """What a patch brings, with what was there before and what it takes away."""
    result = msgspec.structs.replace(check_result(), incomplete=(), unresolved=(), not_covered=())
    new, old = result.findings
    cause = Cause("mm/Kconfig", 7, "0123456789abcdef", 1, ("@@ -5,3 +5,4 @@ config A", " bool", "+select B"))
    return msgspec.structs.replace(
        result,
        findings=(msgspec.structs.replace(new, cause=cause), msgspec.structs.replace(old, known=True)),
        fixed=(msgspec.structs.replace(old, fingerprint="cd34"),),
        change=Change(source="range", before=TREE, parts=(Part(commit="0123456789abcdef", subject="mm: select B"),), known=1),
    )


def test_what_a_change_brings_as_text() -> None:
    result = changed_result()
    text = check_text.render(ordered(result), Style())
    assert 'brought by mm/Kconfig:7 of 0123456789ab ("mm: select B")\n    @@ -5,3 +5,4 @@ config A\n     bool\n    +select B\n' in text
    assert "mm/a.c:1:1: known error: " in text
    assert "mm/a.c:1:1: fixed error: " in text
    assert check_text.summary(result) == "new: 1 warning; 1 finding fixed; 1 known; 3 units, 1,200 functions, 5 variants"
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "check.json").read_text()))
    validator.validate(json.loads(renderer("check", "json")(ordered(result), Style())))
