"""The arguments that libclang gets for a unit.

Paths of the tree stay relative to its root: every command starts with ``-working-directory=ROOT``, so files in cursors and diagnostics are
called ``mm/memory.c`` and ``include/linux/mm.h``. What kbuild would generate is named by absolute paths below the build's private folder.
"""

from __future__ import annotations

import posixpath

from ptlint.build.headers import CLEANUP, COMPILER
from ptlint.build.model import Build, Command
from ptlint.tree import Tree

__all__ = ["command", "common_arguments"]

_LANGUAGE = (
    "-nostdinc", "-std=gnu11", "-funsigned-char", "-fshort-wchar", "-fms-extensions", "-fno-strict-aliasing", "-fno-common", "-ffreestanding", "-w",
)  # fmt: skip
_MACROS = (
    "-D__KERNEL__", '-DKBUILD_MODNAME="ptlint"', '-DKBUILD_BASENAME="ptlint"', '-DKBUILD_MODFILE="ptlint"', "-D__KBUILD_MODNAME=kmod_ptlint",
    "-DCC_USING_FENTRY",
)  # fmt: skip
_MACHINE = {
    64: ("--target=x86_64-linux-gnu", "-m64", "-mno-red-zone", "-mcmodel=kernel", "-mno-sse", "-mno-mmx", "-mno-sse2", "-mno-avx", "-mno-80387"),
    32: ("--target=i386-linux-gnu", "-m32", "-march=i686", "-mregparm=3", "-mno-sse", "-mno-mmx", "-msoft-float"),
}
_FOLDERS = ("arch/x86/include", "include")
_UAPI = ("arch/x86/include/uapi", "include/uapi")
_EARLY = ("linux/compiler-version.h", "linux/kconfig.h", "linux/compiler_types.h")


def common_arguments(tree: Tree, bits: int, generated: str) -> tuple[str, ...]:
    """What all units of a build share, a precompiled header's arguments too.

    ``generated`` is the absolute folder of the build's generated headers.
    """
    includes: list[str] = []
    for folders, below in ((_FOLDERS, ""), (_UAPI, "/uapi")):
        for folder in folders:
            base = folder.removesuffix("/uapi")
            made = f"{generated}/{base}/generated{below}" if base.startswith("arch/") or below else f"{generated}/{base}"
            includes += [f"-I{folder}", f"-I{made}"]
    early: list[str] = []
    for name in _EARLY:
        if tree.exists(f"include/{name}"):
            early += ["-include", name]
    if not early:
        early += ["-include", f"{generated}/include/generated/autoconf.h"]
    early += ["-include", f"{generated}/{CLEANUP}"]
    includes += ["-idirafter", f"{generated}/{COMPILER}"]
    return (f"-working-directory={tree.directory()}", "-xc", *_MACHINE[bits], *_LANGUAGE, *_MACROS, *includes, *early)


def command(tree: Tree, build: Build, file: str, generated: str) -> Command:
    """How ``file`` is parsed in ``build``: what all units share, the unit's own folder, and ``-DMODULE`` where it becomes a module."""
    own = (f"-I{posixpath.dirname(file) or '.'}", "-Iarch/x86/include/asm/trace", "-I.")
    module = ("-DMODULE",) if file in build.modules else ()
    return Command(file, (*common_arguments(tree, build.bits, generated), *own, *module))
