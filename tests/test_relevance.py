"""Which changes can matter: by path, and by text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptlint import resources
from ptlint.change.relevance import Relevance, same_text

RELEVANCE = Relevance(resources.rules())
CODE = b'#define F(x) g (x)\nint f(void) /* one */\n{\n\treturn F(1) + \'"\' + sizeof("/* no comment */");\n}\n'


@pytest.mark.parametrize(
    "path",
    [
        "mm/memory.c",
        "mm/kasan/init.c",
        "arch/x86/mm/pgtable.c",
        "arch/x86/xen/mmu_pv.c",
        "arch/x86/Kconfig",
        "mm/Kconfig",
        "Kconfig",
        "drivers/net/Kconfig",
        "lib/Kconfig.debug",
        "include/linux/mm.h",
        "include/uapi/linux/mman.h",
        "arch/x86/include/asm/kvm_host.h",
        "arch/x86/include/asm/Kbuild",
        "mm/Makefile",
        "arch/x86/mm/Makefile",
        "arch/x86/configs/x86_64_defconfig",
        "kernel/bounds.c",
        "kernel/fork.c",
        "fs/exec.c",
        "Makefile",
        "arch/x86/entry/syscalls/syscall_64.tbl",
        "drivers/hv/hv.c",
        "mm/new_file.c",
        "kernel/sched/sched.h",
    ],
)
def test_what_matters(path: str) -> None:
    assert RELEVANCE.path(path)


@pytest.mark.parametrize(
    "path",
    [
        "Documentation/mm/split_page_table_lock.rst",
        "drivers/net/tun.c",
        "drivers/gpu/drm/i915/i915_gem.h",
        "net/core/dev.c",
        "arch/arm64/mm/mmu.c",
        "arch/arm64/Kconfig",
        "arch/x86/kvm/mmu/mmu.c",
        "arch/x86/boot/compressed/ident_map_64.c",
        "fs/ext4/inode.c",
        "fs/ext4/ext4.h",
        "tools/mm/slabinfo.c",
        "MAINTAINERS",
        "sound/core/init.c",
        "scripts/checkpatch.pl",
        "mm/README.md",
        "kernel/bpf/verifier.c",
        "rust/kernel/mm.rs",
        ".gitignore",
    ],
)
def test_what_does_not(path: str) -> None:
    assert not RELEVANCE.path(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/* one */", b""),
        (b"/* one */", b"// two"),
        (b"\treturn", b"    return"),
        (b"\n{", b" {"),
        (b"g (x)\n", b"g\t(x) /* why */\n"),
        (b"g (x)\n", b"\\\n\tg (x)\n"),
        (b"{\n", b"{\n\n\n"),
    ],
)
def test_comments_and_blanks_say_nothing(old: bytes, new: bytes) -> None:
    assert same_text("mm/a.c", CODE, CODE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"F(x) g", b"F (x) g"),
        (b"/* no", b"/* a"),
        (b"F(1)", b"F(2)"),
        (b"g (x)\n", b"g (x) \\\n"),
        (b"int f", b"intf"),
        (b"#define", b"//#define"),
        (b"\n{", b"\n#if 0\n#endif\n{"),
    ],
)
def test_everything_else_does(old: bytes, new: bytes) -> None:
    assert not same_text("mm/a.c", CODE, CODE.replace(old, new, 1))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_the_same_tokens_for_any_bytes(one: bytes, two: bytes) -> None:
    assert same_text("mm/a.c", one, one)
    assert same_text("mm/a.c", one, two) == same_text("mm/a.c", two, one)


KCONFIG = b'config A\n\tbool "a"\n\tselect B if C\n\thelp\n\t  Say Y.\n\n\t  Or N.\n\nconfig D\n\tdef_bool y\n'


def test_help_says_nothing() -> None:
    assert same_text("mm/Kconfig", KCONFIG, KCONFIG.replace(b"Say Y.", b"Say N.").replace(b"\t  Or N.\n", b"\t  select X\n\t    Y\n"))
    assert same_text("mm/Kconfig", KCONFIG, b"# comment\n" + KCONFIG)
    changes = {b"select B": b"select E", b"def_bool y": b"def_bool n", b"\thelp\n\t  Say Y.\n": b"\tselect F\n"}
    for old, new in changes.items():
        assert not same_text("mm/Kconfig", KCONFIG, KCONFIG.replace(old, new))
    assert not same_text("mm/Kconfig", KCONFIG, None)


def test_a_new_version_says_nothing() -> None:
    old = b"VERSION = 6\nSUBLEVEL = 1\nobj-y += mm/\n"
    assert same_text("Makefile", old, old.replace(b"SUBLEVEL = 1", b"SUBLEVEL = 2"))
    assert not same_text("Makefile", old, old.replace(b"mm/", b"mn/"))
    assert not same_text("mm/Makefile", old, old.replace(b"SUBLEVEL = 1", b"SUBLEVEL = 2"))
