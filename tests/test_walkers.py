"""``ptlint walkers`` and the verdicts of the inventory, on the demo kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptlint.cli.main import main

ROOT = Path(__file__).parents[1]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[dict[str, object]]]:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, str(ROOT / "fixtures/demo"), "--format", "json", "-q"])
    assert stopped.value.code == 0
    document: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return document


def test_the_demo_has_rcu_walkers_of_user_tables(capsys: pytest.CaptureFixture[str]) -> None:
    document = run(capsys, "walkers")
    assert "rcu" in document["classes"]["user"]  # type: ignore[call-overload]
    assert all(walker["line"] and walker["tables"] and walker["variants"] for walker in document["walkers"])


def test_every_verdict_names_a_line_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    sites = run(capsys, "inventory")["sites"]
    assert {"teardown", "unpublished", "deferred", "ipi"} <= {str(site["safety"]) for site in sites}
    for site in sites:
        text = str(site["reason"])
        places = [word.strip(",;:()") for word in text.split() if ".c:" in word or ".h:" in word]
        assert places, text
        for place in places:
            file, _, line = place.partition(":")
            assert 0 < int(line) <= len((ROOT / "fixtures/demo" / file).read_text().splitlines()), place


def test_a_table_of_a_mapping_that_was_detached_is_torn_down(capsys: pytest.CaptureFixture[str]) -> None:
    sites = run(capsys, "inventory")["sites"]
    torn = [site for site in sites if site["safety"] == "teardown"]
    assert all("reach" in str(site["reason"]) or "given back" in str(site["reason"]) for site in torn)
