"""The GitHub action and the GitLab template: valid by the published schemas, and their scripts run over the demo's kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import official
import pytest
import yaml
from cases import DEMO, ROOT

from ptlint.cli.main import group

ACTION = ROOT / "action.yml"
GITLAB = ROOT / "ci" / "gitlab.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize(("path", "mark"), [(ACTION, official.ACTION), (GITLAB, official.GITLAB)])
def test_they_are_what_their_readers_take(path: Path, mark: bytes) -> None:
    schema = official.schema(mark)
    jsonschema.validators.validator_for(schema)(schema).validate(read(path))


def test_no_input_of_the_action_is_part_of_a_script() -> None:
    """An expression in a script would run what a branch is called."""
    action = read(ACTION)
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "uses" not in step
    named = set(re.findall(r"inputs\.([a-z-]+)", ACTION.read_text()))
    assert named == set(action["inputs"])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with ``ptlint/bin/ptlint``, as the install step leaves it."""
    program = tmp_path / "ptlint" / "bin" / "ptlint"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m ptlint "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run_step(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's check step, with the defaults of its inputs."""
    action = read(ACTION)
    values = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()} | inputs
    step = next(step for step in action["runs"]["steps"] if step.get("id") == "check")
    settings = {key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: values[found[1]], text) for key, text in step["env"].items()}
    runner = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")} | {"RUNNER_TEMP": str(folder)}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder, env={**os.environ, **settings, **runner, "PTLINT_NO_CACHE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_action_annotates_summarises_and_writes_sarif(installed: Path) -> None:
    done = run_step(installed, tree=str(DEMO), args="--select\nPTL001\n\n--variant=nopv\n")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=mm/collapse.c,line=")
    assert (installed / "github_step_summary").read_text().startswith("## ptlint: 1 error")
    assert (installed / "github_output").read_text() == "sarif=ptlint.sarif\n"
    assert json.loads((installed / "ptlint.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "PTL001"


def test_words_of_the_actions_inputs_are_never_run(installed: Path) -> None:
    done = run_step(installed, tree="$(touch ran)", args="--select=`touch ran`", sarif="")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (installed / "ran").exists()


def test_the_template_writes_a_code_quality_report(installed: Path) -> None:
    job = read(GITLAB)["ptlint"]
    settings = {**job["variables"], "PTLINT_TREE": str(DEMO), "PTLINT_ARGS": "--select PTL001 --variant nopv", "PTLINT_NO_CACHE": "1"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=installed, env={**os.environ, **settings, "TMPDIR": str(installed)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "PTL001 immediate-free" in done.stdout
    report = json.loads((installed / job["artifacts"]["reports"]["codequality"]).read_text())
    assert [entry["check_name"] for entry in report] == ["immediate-free"]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", (ROOT / "README.md").read_text())


def test_what_the_readme_has_to_paste_is_valid() -> None:
    uses = [step for text in _blocks("yaml") for step in _steps(yaml.safe_load(text)) if "/ptlint@" in step.get("uses", "")]
    assert uses
    inputs = set(read(ACTION)["inputs"])
    assert all(set(step.get("with", {})) <= inputs for step in uses)
    variables = set(read(GITLAB)["ptlint"]["variables"])
    jobs = [job for text in _blocks("yaml") if isinstance(job := yaml.safe_load(text), dict) and "include" in job]
    assert jobs
    assert all(set(job.get("variables", {})) <= variables | {"GIT_DEPTH"} for job in jobs)


def test_the_readme_names_only_options_that_there_are() -> None:
    command = group.get_command(None, "check")  # type: ignore[arg-type]
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts}
    for line in re.findall(r"ptlint check[^\n`|]*", (ROOT / "README.md").read_text()):
        assert set(re.findall(r"(?<!\S)--[a-z0-9-]+", line)) <= known, line


def _steps(value: Any) -> list[dict[str, Any]]:
    return [step for step in value if isinstance(step, dict)] if isinstance(value, list) else []
