"""The stage that reads the bytes of a tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ptlint.errors import Unreadable, UsageError
from ptlint.tree import kernel_version, open_tree

MAKEFILE = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\nEXTRAVERSION = -rc1 # x\nNAME = N\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A folder that looks like a kernel."""
    root = tmp_path / "kernel"
    (root / "arch/x86/mm").mkdir(parents=True)
    (root / "mm").mkdir()
    (root / "Makefile").write_text(MAKEFILE)
    (root / "Kconfig").write_text("")
    (root / "arch/x86/mm/a.c").write_text("int a;\n")
    (root / "mm/b.c").write_text("int b;\n")
    return root


def git(root: Path, *words: str) -> str:
    """Run git in a folder, without anybody's configuration."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(root)}
    environment.pop("GIT_DIR", None)
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    return subprocess.run(["git", *identity, *words], cwd=root, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def commit(root: Path) -> str:
    """Put all files in a commit."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all")
    return git(root, "rev-parse", "HEAD")


def test_version() -> None:
    assert kernel_version(MAKEFILE.encode()) == "6.12.3-rc1"
    assert kernel_version(b"VERSION = 7\nPATCHLEVEL = 0\nSUBLEVEL = 0\nEXTRAVERSION =\n") == "7.0.0"
    assert kernel_version(b"") == ""


def test_work_tree(kernel: Path) -> None:
    with open_tree(kernel) as tree:
        assert (tree.root, tree.commit, tree.version, tree.directory()) == (str(kernel), None, "6.12.3-rc1", str(kernel))
        assert tree.read("mm/b.c") == b"int b;\n"
        assert tree.read("mm/none.c") is None and tree.read("mm") is None and tree.read("mm/b.c/x") is None
        assert tree.exists("mm") and tree.is_dir("mm") and not tree.is_dir("mm/b.c") and not tree.exists("fs")
        assert tree.files("mm") == ["mm/b.c"] and tree.files("fs") == []
        assert tree.files("") == ["Kconfig", "Makefile", "arch/x86/mm/a.c", "mm/b.c"]


def test_nothing_outside_is_read(kernel: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (kernel / "mm/out.c").symlink_to(tmp_path / "secret")
    (kernel / "mm/in.c").symlink_to("b.c")
    (kernel / "out").symlink_to(tmp_path)
    with open_tree(kernel) as tree:
        assert tree.read("mm/out.c") is None and tree.read("out/secret") is None
        assert tree.read("../secret") is None and tree.read(str(tmp_path / "secret")) is None
        assert tree.read("mm/in.c") == b"int b;\n"
        assert tree.files("mm") == ["mm/b.c", "mm/in.c"]
        assert tree.files("out") == []


def test_unreadable(kernel: Path) -> None:
    os.mkfifo(kernel / "mm/pipe.c")
    with open_tree(kernel) as tree, pytest.raises(Unreadable, match="pipe"):
        tree.read("mm/pipe.c")


def test_not_a_kernel(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_tree(tmp_path / "none")
    with pytest.raises(UsageError, match=r"not a Linux source tree .no Makefile, Kconfig, arch/x86/mm"):
        open_tree(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        open_tree(tmp_path / "file")


def test_commit(kernel: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (kernel / "mm/out.c").symlink_to(tmp_path / "secret")
    (kernel / "mm/in.c").symlink_to("b.c")
    (kernel / "drivers/x").mkdir(parents=True)
    (kernel / "drivers/x/Kconfig").write_text("config X\n")
    (kernel / "drivers/x/x.c").write_text("")
    identity = commit(kernel)
    (kernel / "mm/b.c").write_text("changed\n")
    with open_tree(kernel, "HEAD") as tree:
        assert tree.commit == identity and tree.version == "6.12.3-rc1"
        assert tree.read("mm/b.c") == b"int b;\n" == tree.read("mm/in.c")
        assert tree.read("mm/out.c") is None and tree.read("mm") is None
        assert tree.files("mm") == ["mm/b.c", "mm/in.c"]
        assert tree.is_dir("arch/x86") and not tree.is_dir("mm/b.c") and tree.exists("mm/b.c")
        folder = Path(tree.directory())
        assert folder != kernel
        assert (folder / "mm/b.c").read_text() == "int b;\n" and not (folder / "mm/out.c").exists() and not (folder / "mm/in.c").is_symlink()
        assert (folder / "drivers/x/Kconfig").exists() and not (folder / "drivers/x/x.c").exists()
    assert not folder.exists()


def test_no_such_revision(kernel: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        open_tree(kernel, "HEAD")
    commit(kernel)
    for rev in ("nope", "--all", "HEAD:mm/b.c"):
        with pytest.raises(UsageError, match="no commit"):
            open_tree(kernel, rev)


def test_configuration_of_the_repository_is_not_run(kernel: Path, tmp_path: Path) -> None:
    commit(kernel)
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    (kernel / ".gitattributes").write_text("* filter=evil diff=evil\n")
    with open(kernel / ".git/config", "a", encoding="utf-8") as config:
        for section, key in (("core", "fsmonitor"), ("core", "sshCommand"), ("core", "pager"), ("diff", "external"), ("core", "hooksPath")):
            config.write(f"[{section}]\n\t{key} = {script}\n")
        config.write(f'[filter "evil"]\n\tsmudge = {script}\n\tclean = {script}\n\trequired = true\n[diff "evil"]\n\ttextconv = {script}\n')
        config.write(f'[remote "origin"]\n\turl = {tmp_path}\n\tuploadpack = {script}\n\tpromisor = true\n\tpartialclonefilter = blob:none\n')
        config.write("[protocol]\n\tallow = always\n[extensions]\n\tpartialClone = origin\n[core]\n\trepositoryformatversion = 1\n")
    before = sorted(str(path) for path in kernel.rglob("*"))
    with open_tree(kernel, "HEAD") as tree:
        tree.directory()
        assert tree.read("mm/b.c") == b"int b;\n"
    assert not mark.exists()
    assert sorted(str(path) for path in kernel.rglob("*")) == before
    blob = git(kernel, "rev-parse", "HEAD:mm/b.c")
    (kernel / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with open_tree(kernel, "HEAD") as tree, pytest.raises(Unreadable, match=r"mm/b\.c"):
        tree.read("mm/b.c")
    assert not mark.exists()
