"""The hook, by committing: with git itself, in repositories of each kind that users have."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cases import DEMO, ROOT
from test_change import mail
from test_tree import git

pytestmark = pytest.mark.slow  # whole runs, many times over

Ran = subprocess.CompletedProcess[str]
BAD = ("\tpte_free_defer(mm, table);", "\tpte_free(mm, table);")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for repositories, with settings that make the analysis quick, and a cache that all share."""
    root = tmp_path_factory.mktemp("hook")
    (root / ".ptlint.toml").write_text('variants = ["nopv"]\n')
    return root


@pytest.fixture
def linux(place: Path, tmp_path: Path) -> Path:
    """The demo in a repository of its own, with the hook."""
    root = place / tmp_path.name / "linux"
    shutil.copytree(DEMO, root)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "n")
    git(root, "config", "user.email", "e@example.org")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "demo")
    done = ptlint(root, "hook", "install")
    assert (done.returncode, done.stderr) == (0, f"ptlint: installed: {root}/.git/hooks/pre-commit\n")
    return root


def environment(root: Path) -> dict[str, str]:
    place = next(folder for folder in root.parents if (folder / ".ptlint.toml").exists())
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PTLINT_", "PRE_COMMIT"))},
        "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(place), "XDG_CONFIG_HOME": str(place),
        "XDG_CACHE_HOME": str(place / "cache"), "GIT_EDITOR": "true",
    }  # fmt: skip


def ptlint(root: Path, *words: str, stdin: bytes = b"") -> Ran:
    done = subprocess.run([sys.executable, "-m", "ptlint", *words], cwd=root, env=environment(root), input=stdin, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def commit(root: Path, *words: str) -> Ran:
    return subprocess.run(["git", "commit", "-m", "x", *words], cwd=root, env=environment(root), text=True, capture_output=True, check=False)


def edit(root: Path, file: str, change: tuple[str, str]) -> None:
    text = (root / file).read_text()
    assert change[0] in text
    (root / file).write_text(text.replace(*change))


def head(root: Path) -> str:
    return git(root, "rev-parse", "HEAD")


def test_commits(linux: Path) -> None:
    (linux / "README").write_text("x")
    git(linux, "add", "-A")
    done = commit(linux)
    assert (done.returncode, done.stderr) == (0, "")
    edit(linux, "mm/collapse.c", BAD)
    good = head(linux)
    done = commit(linux, "-a")
    assert done.returncode == 1 and head(linux) == good
    assert "mm/collapse.c:32:2: error: page table is unlinked and freed at once" in done.stdout + done.stderr
    assert done.stderr.endswith("ptlint: the commit is stopped; `git commit --no-verify` makes it all the same\n")
    # A file named on the command line: git makes an index for it, which is not the usual one.
    edit(linux, "mm/memory.c", ("#include", "/* one */\n#include"))
    assert commit(linux, "mm/memory.c").returncode == 0
    assert commit(linux, "mm/collapse.c").returncode == 1
    # What is in the work tree only does not count.
    edit(linux, "mm/memory.c", ("/* one */", "/* two */"))
    git(linux, "add", "mm/memory.c")
    assert commit(linux).returncode == 0
    assert commit(linux, "-a", "--no-verify").returncode == 0
    # To amend a bad commit with anything but what makes it good is no way out.
    (linux / "README").write_text("y")
    assert commit(linux, "-a", "--amend").returncode == 1
    edit(linux, "mm/collapse.c", BAD[::-1])
    assert commit(linux, "-a", "--amend").returncode == 0


def test_merge_and_rebase(linux: Path) -> None:
    git(linux, "checkout", "-q", "-b", "topic")
    edit(linux, "mm/collapse.c", BAD)
    assert commit(linux, "-a", "--no-verify").returncode == 0
    git(linux, "checkout", "-q", "main")
    edit(linux, "mm/collapse.c", (BAD[0], f"\t/* say why */\n{BAD[0]}"))
    assert commit(linux, "-a").returncode == 0
    merge = subprocess.run(["git", "merge", "topic"], cwd=linux, env=environment(linux), capture_output=True, text=True, check=False)
    assert merge.returncode == 1
    text = (linux / "mm/collapse.c").read_text()
    begin, end = text.index("<<<<<<<"), text.index("\n", text.index(">>>>>>>")) + 1
    (linux / "mm/collapse.c").write_text(text[:begin] + BAD[1] + "\n" + text[end:])
    done = commit(linux, "-a")
    assert done.returncode == 0, done.stderr  # the other side brought it
    git(linux, "reset", "-q", "--hard", "HEAD^")
    git(linux, "checkout", "-q", "topic")
    edit(linux, "mm/memory.c", ("#include", "/* one */\n#include"))
    assert commit(linux, "-a").returncode == 0
    rebase = subprocess.run(["git", "rebase", "-q", "main~1"], cwd=linux, env=environment(linux), capture_output=True, text=True, check=False)
    assert rebase.returncode == 0, rebase.stderr


def test_what_was_there_is_run_first_and_comes_back(linux: Path) -> None:
    hook = linux / ".git/hooks/pre-commit"
    ours = hook.read_text()
    ptlint(linux, "hook", "uninstall")
    assert not hook.exists()
    hook.write_text("#!/bin/sh\necho before; exit ${FAIL:-0}\n")
    hook.chmod(0o755)
    done = ptlint(linux, "hook", "install")
    assert done.stderr == f"ptlint: installed: {hook} (it runs {hook}.before-ptlint first)\n" and hook.read_text() == ours
    (linux / "README").write_text("x")
    git(linux, "add", "-A")
    assert "before" in commit(linux).stderr
    assert ptlint(linux, "hook", "install").stderr.startswith("ptlint: updated: ")
    hook.with_name("pre-commit.before-ptlint").write_text("#!/bin/sh\nexit 3\n")
    (linux / "README").write_text("y")
    assert commit(linux, "-a").returncode == 1
    assert ptlint(linux, "hook", "uninstall").returncode == 0
    assert hook.read_text() == "#!/bin/sh\nexit 3\n"
    done = ptlint(linux, "hook", "uninstall")
    assert (done.returncode, done.stderr) == (2, f"ptlint: {hook}: not the hook of ptlint; nothing was changed\n")
    assert ptlint(linux, "hook", "install").returncode == 0
    hook.write_text("other")
    assert "look which of them you want" in ptlint(linux, "hook", "install").stderr


@pytest.mark.parametrize("where", ["relative", "absolute", "worktree"])
def test_where_the_hook_goes(linux: Path, where: str) -> None:
    ptlint(linux, "hook", "uninstall")
    tree, folder = linux, linux / ".git/hooks"
    if where == "worktree":
        tree = linux.parent / "tree"
        git(linux, "worktree", "add", "-q", str(tree))
    else:
        folder = linux / "own hooks" if where == "relative" else linux.parent / "hooks"
        git(linux, "config", "core.hooksPath", "own hooks" if where == "relative" else str(folder))
    assert ptlint(tree, "hook", "install").stderr == f"ptlint: installed: {folder}/pre-commit\n"
    (tree / "Documentation").mkdir()
    (tree / "Documentation/x.rst").write_text("x")
    edit(tree, "mm/collapse.c", BAD)
    git(tree, "add", "Documentation")
    assert commit(tree).returncode == 0
    git(tree, "add", "mm")
    assert commit(tree).returncode == 1


def test_first_commits_and_other_repositories(place: Path, tmp_path: Path) -> None:
    root = place / tmp_path.name
    root.mkdir()
    git(root, "init", "-q")
    hooks = place / "hooks"
    done = ptlint(root, "hook", "install")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1) and "not a Linux source tree" in done.stderr
    linux = root / "linux"
    shutil.copytree(DEMO, linux)
    git(linux, "init", "-q")
    for repository in (root, linux):
        git(repository, "config", "core.hooksPath", str(hooks))
        git(repository, "config", "user.name", "n")
        git(repository, "config", "user.email", "e@example.org")
    assert ptlint(linux, "hook", "install").returncode == 0
    assert commit(linux, "--allow-empty").returncode == 0
    git(linux, "add", "-A", "-f")
    done = commit(linux, "--amend")
    assert (done.returncode, done.stderr) == (0, "")
    (root / "a.c").write_text("int a;\n")
    git(root, "add", "a.c")
    assert commit(root).returncode == 0


def test_a_hostile_repository(linux: Path, tmp_path: Path) -> None:
    """git itself runs filters and fsmonitor when it commits; the hook runs nothing more."""
    mark, script = tmp_path / "ran", tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    edit(linux, "mm/collapse.c", BAD)
    git(linux, "add", "-A")
    (linux / ".gitattributes").write_text("*.c filter=lfs diff=evil\n")
    for name in ("git.py", "msgspec.py", "click.py", "ptlint.py", "clang.py"):
        (linux / name).write_text(f"open({str(mark)!r}, 'w')\n")
    with open(linux / ".git/config", "a", encoding="utf-8") as config:
        config.write(f"[core]\n\tfsmonitor = {script}\n\tpager = {script}\n[diff]\n\texternal = {script}\n")
        config.write(f'[filter "lfs"]\n\tclean = {script}\n\tsmudge = {script}\n\tprocess = {script}\n\trequired = true\n')
        config.write(f'[diff "evil"]\n\ttextconv = {script}\n[submodule "x"]\n\tupdate = !{script}\n')
    done = subprocess.run([linux / ".git/hooks/pre-commit"], cwd=linux, env=environment(linux), capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "1 error" in done.stderr
    assert not mark.exists()


def test_a_partial_clone_and_a_submodule(linux: Path) -> None:
    clone = linux.parent / "clone"
    git(linux, "config", "uploadpack.allowFilter", "true")
    git(linux.parent, "clone", "-q", "--filter=blob:none", f"file://{linux}", str(clone))
    git(clone, "config", "user.name", "n")
    git(clone, "config", "user.email", "e@example.org")
    git(clone, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{linux}", "sub")
    assert ptlint(clone, "hook", "install").returncode == 0
    assert commit(clone).returncode == 0
    edit(clone, "mm/collapse.c", BAD)
    done = commit(clone, "-a")
    assert done.returncode == 1 and "mm/collapse.c:32:2: error" in done.stdout + done.stderr


def test_mails_as_b4_hands_them_over(linux: Path) -> None:
    edit(linux, "mm/collapse.c", BAD)
    assert commit(linux, "-a", "--no-verify").returncode == 0
    patch = subprocess.run(["git", "format-patch", "-1", "--stdout"], cwd=linux, capture_output=True, check=True).stdout
    done = ptlint(linux, "hook", "mail", stdin=patch)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("mm/collapse.c:32: ERROR: page table is unlinked and freed at once")
    assert done.stdout.count("\n") == 1
    git(linux, "reset", "-q", "--hard", "HEAD^")
    again = ptlint(linux, "hook", "mail", stdin=patch)
    assert (again.returncode, again.stdout, again.stderr) == (1, done.stdout, "")
    done = ptlint(linux, "hook", "mail", stdin=patch.replace(b"-\tpte_free_defer", b"-\tpte_free_later"))
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("WARNING: not looked at: ")
    done = ptlint(linux, "hook", "mail", stdin=mail("[PATCH 0/2] cover", b"text\n"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


needs = pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed (pip install pre-commit)")


@needs
def test_the_framework(linux: Path) -> None:
    """The real pre-commit, with the hook of ``.pre-commit-hooks.yaml``, by the ``ptlint`` of this checkout: nothing is fetched."""
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text()
    local = hook.replace("language: python", "language: system").replace("entry: ptlint", f"entry: {sys.executable} -P -m ptlint")
    lines = "".join(f"      {line}\n" for line in local.splitlines())
    (linux / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{lines}")
    git(linux, "add", ".pre-commit-config.yaml")
    edit(linux, "mm/collapse.c", BAD)

    def run(*words: str) -> Ran:
        command = [sys.executable, "-m", "pre_commit", *words]
        return subprocess.run(command, cwd=linux, env=environment(linux), capture_output=True, text=True, check=False)

    done = run("run")
    assert done.returncode == 0 and "Skipped" in done.stdout, done.stdout + done.stderr
    git(linux, "add", "mm/collapse.c")
    done = run("run")
    assert done.returncode == 1 and "mm/collapse.c:32:2: error" in done.stdout, done.stdout + done.stderr
    ptlint(linux, "hook", "uninstall")
    assert run("install").returncode == 0
    done = commit(linux)
    assert done.returncode == 1 and "mm/collapse.c:32:2: error" in done.stderr + done.stdout
    commit(linux, "--no-verify")
    done = run("run", "--from-ref", "HEAD^", "--to-ref", "HEAD")
    assert done.returncode == 1 and "mm/collapse.c:32:2: error" in done.stdout


def test_the_frameworks_filter_takes_what_can_matter() -> None:
    import re

    import yaml

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["pass_filenames"] is False and hook["require_serial"] is True
    for path in ("mm/memory.c", "arch/x86/mm/pgtable.c", "include/linux/mm.h", "drivers/net/Kconfig", "Kconfig", "Makefile", "drivers/hv/hv.c"):
        assert re.search(hook["files"], path), path
    assert not re.search(hook["files"], "Documentation/x.rst")
