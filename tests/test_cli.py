"""The command line, over a pipeline that is put in place of the real one; and the README's example, over the real one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from test_report import COMMON, SCHEMAS, check_result, inventory_result, seed_graph, variants_result

from ptlint import __version__, resources
from ptlint.cli.main import group, main
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.results import CheckResult, GraphResult, InventoryResult, VariantsResult

ROOT = Path(__file__).parents[1]


class FakePipeline:
    """What ``ptlint.pipeline`` offers."""

    def __init__(self) -> None:
        self.result = msgspec.structs.replace(check_result(), incomplete=(), unresolved=(), not_covered=())
        self.options: RunOptions | None = None
        self.asked: tuple[tuple[str, ...], ...] = ()
        self.error: BaseException | None = None

    def run(self, options: RunOptions, progress: Any) -> FakePipeline:
        self.options = options
        progress.stage("tree", 1)
        progress.advance()
        if self.error:
            raise self.error
        return self

    def check(self, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> CheckResult:
        self.asked = (select, ignore, only)
        return self.result

    def inventory(self) -> InventoryResult:
        return inventory_result()

    def graph(self, root: str) -> GraphResult:
        if root != "free_pte":
            raise UsageError(f"no function {root}")
        return msgspec.structs.replace(seed_graph(), incomplete=COMMON["incomplete"])

    def variants(self) -> VariantsResult:
        return variants_result()

    def statistics(self) -> dict[str, int | float]:
        return {"units": 1200, "seconds in frontend": 1.5}


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    fake = FakePipeline()
    module = types.ModuleType("ptlint.pipeline")
    module.run = fake.run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ptlint.pipeline", module)
    monkeypatch.setattr("ptlint.pipeline", module, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("PTLINT_CACHE_DIR", "PTLINT_NO_CACHE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return fake


Ran = tuple[int, str, str]


@pytest.fixture
def ptlint(pipeline: FakePipeline, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        out, err = capfdbinary.readouterr()
        return int(end.value.code or 0), out.decode(), err.decode()

    return run


def test_findings_are_1(ptlint: Callable[..., Ran]) -> None:
    status, out, err = ptlint("check")
    assert status == 1
    assert out.startswith("mm/a.c:1:1: error: ")
    assert err == "ptlint: 1 error, 1 warning; 3 units, 1,200 functions, 5 variants\n"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("--exit-zero",), 0), (("--fail-on", "error"), 1), (("--fail-on", "note"), 1), (("--strict",), 1), (("--strict", "--exit-zero"), 0)],
)
def test_exit_status(ptlint: Callable[..., Ran], arguments: tuple[str, ...], status: int) -> None:
    assert ptlint("check", *arguments)[0] == status


def test_below_fail_on_is_0(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = msgspec.structs.replace(pipeline.result, findings=pipeline.result.findings[:1])
    assert ptlint("check", "--fail-on", "error")[0] == 0
    assert ptlint("check")[0] == 1


def test_nothing_is_0(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = msgspec.structs.replace(pipeline.result, findings=())
    assert ptlint("check", "-q") == (0, "", "")


def test_incomplete_is_2_whatever_is_asked(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = msgspec.structs.replace(pipeline.result, incomplete=COMMON["incomplete"])
    status, out, err = ptlint("check", "--exit-zero")
    assert status == 2
    assert "mm/a.c:1:1: error: " in out
    assert "mm/memory.c: incomplete: " in out
    assert "not complete: mm/memory.c" in err


def test_strict_is_2_for_calls_that_are_not_resolved(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = msgspec.structs.replace(pipeline.result, findings=(), unresolved=COMMON["unresolved"])
    assert ptlint("check")[0] == 0
    assert ptlint("check", "--strict", "--exit-zero")[0] == 2


def test_several_formats(ptlint: Callable[..., Ran], tmp_path: Path) -> None:
    status, out, _ = ptlint("check", "--format", "concise", "--format", f"json={tmp_path}/out.json", "--color", "always")
    assert status == 1
    assert "\x1b" in out
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["tool"] == {"name": "ptlint", "version": __version__}
    assert [finding["rule"] for finding in document["findings"]] == ["PTL001", "PTL002"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "--format", "xml"), "check has no format 'xml'"),
        (("check", "--format", "json", "--format", "text"), "only one of the formats"),
        (("check", "--format", "json=no/where.json"), "no is no folder"),
        (("check", "--select", "PTL999"), "no rule is called 'PTL999'"),
        (("check", "--range", "A..B", "--staged"), "only one change"),
        (("check", "--jobs", "0"), "--jobs"),
        (("diff", "A"), "diff: give A..B, or two folders"),
        (("graph",), "--root"),
        (("graph", "--root", "nothing"), "ptlint: no function nothing"),
        (("explain", "PTL9"), "no rule is called"),
    ],
)
def test_usage_is_one_line_and_2(ptlint: Callable[..., Ran], arguments: tuple[str, ...], says: str) -> None:
    status, out, err = ptlint(*arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_interrupt_is_130(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.error = KeyboardInterrupt()
    assert ptlint("check")[0] == 130


def test_a_defect_is_2_and_not_1(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.error = ZeroDivisionError()
    status, _, err = ptlint("check")
    assert status == 2
    assert "defect of ptlint" in err


def test_options_reach_the_pipeline(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    ptlint(
        "check", "tree", "--rev", "v6.12", "--variant", "nopv,kvm", "--variant", "xen", "--config", ".config", "-j", "3", "--cache-dir", "c",
        "--no-cache", "-vv", "--only", "mm", "--only", "arch/x86", "--select", "semi-rcu-free,PTL001", "--ignore", "ptl001",
    )  # fmt: skip
    assert pipeline.options == RunOptions(
        tree=Path("tree"),
        rev="v6.12",
        config=Path(".config"),
        variants=("nopv", "kvm", "xen"),
        jobs=3,
        cache_dir=Path("c"),
        no_cache=True,
        verbosity=2,
    )
    assert pipeline.asked == (("PTL001", "PTL002"), ("PTL001",), ("mm", "arch/x86"))


def test_verbose_tells_on_stderr(ptlint: Callable[..., Ran]) -> None:
    assert "ptlint: seconds in frontend: 1.50\nptlint: units: 1,200\n" in ptlint("check", "-v")[2]


@pytest.mark.parametrize("command", [("inventory",), ("variants",), ("graph", "--root", "free_pte")])
def test_other_commands(ptlint: Callable[..., Ran], command: tuple[str, ...]) -> None:
    status, out, err = ptlint(*command, "--format", "json")
    assert json.loads(out)["schema"] == f"ptlint-{command[0]}/1"
    assert status == 2
    assert "not complete" in err


def test_rules_and_explain(ptlint: Callable[..., Ran]) -> None:
    assert ptlint("rules")[1].startswith("PTL001  immediate-free ")
    document = json.loads(ptlint("rules", "--format", "json")[1])
    assert document["rules"][0]["id"] == "PTL001"
    jsonschema.validate(document, json.loads((SCHEMAS / "rules.json").read_text()))
    page = ptlint("explain", "semi-rcu-free")[1]
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# PTL002 semi-rcu-free (warning)", "## What it does", "## Why it is bad", "## Example", "## Use instead", "## References",
    ]  # fmt: skip


def test_config_says_what_is_in_force(ptlint: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "linux" / "mm").mkdir(parents=True)
    (tmp_path / ".ptlint.toml").write_text('fail-on = "error"\nignore = ["PTL003"]\n')
    (tmp_path / "config" / "ptlint").mkdir(parents=True)
    mine = tmp_path / "config" / "ptlint" / "config.toml"
    mine.write_text('fail-on = "note"\njobs = 7\n')
    monkeypatch.setenv("PTLINT_NO_CACHE", "1")
    settings = json.loads(ptlint("config", "linux/mm", "--format", "json")[1])["settings"]
    assert settings["fail-on"] == {"value": "error", "origin": str(tmp_path / ".ptlint.toml")}
    assert settings["jobs"] == {"value": 7, "origin": str(mine)}
    assert settings["no-cache"] == {"value": True, "origin": "PTLINT_NO_CACHE in the environment"}
    assert settings["strict"] == {"value": False, "origin": "default"}
    jsonschema.validate(json.loads(ptlint("config", "linux/mm", "--format", "json")[1]), json.loads((SCHEMAS / "settings.json").read_text()))
    assert f'ignore = ["PTL003"]  # {tmp_path / ".ptlint.toml"}\n' in ptlint("config", "linux")[1]
    schema = json.loads((SCHEMAS / "config.json").read_text())
    jsonschema.validate({"fail-on": "error", "ignore": ["PTL003"]}, schema)


def test_settings_are_used(ptlint: Callable[..., Ran], pipeline: FakePipeline, tmp_path: Path) -> None:
    (tmp_path / ".ptlint.toml").write_text('only = ["mm"]\nignore = ["semi-rcu-free"]\nvariants = ["kvm"]\n')
    ptlint("check")
    assert pipeline.asked == ((), ("PTL002",), ("mm",))
    assert pipeline.options is not None
    assert pipeline.options.variants == ("kvm",)


@pytest.mark.parametrize("text", ["fial-on = 1\n", 'fail-on = "never"\n', "=\n", 'cache-dir = "/tmp/x"\n'])
def test_a_wrong_configuration_is_2(ptlint: Callable[..., Ran], tmp_path: Path, text: str) -> None:
    (tmp_path / ".ptlint.toml").write_text(text)
    status, out, err = ptlint("check")
    assert (status, out) == (2, "")
    assert f"ptlint: {tmp_path / '.ptlint.toml'}: " in err


@pytest.mark.parametrize(
    ("environment", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour(ptlint: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colored: bool) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in ptlint("check")[1]) is colored


def test_a_reader_who_leaves_is_no_defect() -> None:
    """As in ``ptlint explain PTL001 | true``."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "ptlint", "explain", "PTL001"], stdout=write, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_start_up_imports_little() -> None:
    heavy = "{'git', 'clang', 'rich', 'networkx', 'kconfiglib', 'tree_sitter', 'concurrent'}"
    code = f"import sys; from ptlint.cli.main import group; group.main(['--help'], standalone_mode=False); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.endswith("set()\n")


def test_every_command_has_help() -> None:
    for name in group.list_commands(None):  # type: ignore[arg-type]
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help


def test_readme_example_is_real() -> None:
    """``make docs`` writes it anew."""
    readme = ROOT / "README.md"
    if not (ROOT / "ptlint" / "pipeline.py").exists():
        pytest.skip("no pipeline yet")
    commands = (["check", "fixtures/demo"], ["graph", "fixtures/demo", "--root", "free_pte"])
    blocks = []
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "ptlint", *command],
            capture_output=True, text=True, cwd=ROOT, check=False, env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        blocks.append(f"$ ptlint {' '.join(command)}\n{done.stdout}")
    example = "```\n" + "\n".join(blocks).rstrip() + "\n```"
    text = readme.read_text()
    now = re.sub(r"(?s)(<!-- example:begin -->\n).*(\n<!-- example:end -->)", lambda found: found[1] + example + found[2], text)
    if os.environ.get("PTLINT_UPDATE"):
        readme.write_text(now)
    assert now == readme.read_text()


def test_what_comes_along_is_found() -> None:
    assert (resources.rules() / "ptl" / "PTL001.toml").is_file()
    assert (resources.demo() / "Kconfig").is_file()
