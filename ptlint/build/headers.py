"""The headers that kbuild would generate, made from the tree's own declarations. Nothing of the tree is run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ptlint.tree import Tree

__all__ = ["ASM", "ASM_UAPI", "CLEANUP", "COMPILER", "GENERATED", "KBUILD_ENUM", "generated_headers"]

ASM = "arch/x86/include/generated/asm"
ASM_UAPI = "arch/x86/include/generated/uapi/asm"
GENERATED = "include/generated"
CLEANUP = "ptlint/cleanup.h"
COMPILER = "ptlint/compiler"
KBUILD_ENUM = "ptlint/bounds/linux/kbuild.h"

_LIST = re.compile(r"^(generic|mandatory|generated)-y\s*[+:]?=\s*(.*)$")
_FEATURE = re.compile(rb"^#\s*define\s+X86_FEATURE_(\w+)\s+\(?\s*(\d+)\s*\*\s*32\s*\+\s*(\d+)", re.MULTILINE)
_WORDS = re.compile(rb"^#\s*define\s+NCAPINTS\s+(\d+)", re.MULTILINE)
_DEFINE = re.compile(rb"^\s*DEFINE\(\s*(\w+)\s*,", re.MULTILINE)
_QUOTED = '"'

_CLEANUP_TEXT = """\
#ifdef __cleanup
#undef __cleanup
#define __cleanup(func) __attribute__((__cleanup__(func), __annotate__("cleanup:" #func)))
#endif
"""
# The compiler's own headers, which libclang comes without: trees older than 5.16 include them.
_COMPILER_TEXTS = {
    "stdarg.h": """\
#ifndef __STDARG_H
#define __STDARG_H
typedef __builtin_va_list __gnuc_va_list;
typedef __builtin_va_list va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
#endif
""",
    "stddef.h": """\
#ifndef __STDDEF_H
#define __STDDEF_H
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
""",
    "stdbool.h": "#define bool _Bool\n#define true 1\n#define false 0\n",
}
_KBUILD_TEXT = """\
#ifndef __LINUX_KBUILD_H
#define __LINUX_KBUILD_H
#define DEFINE(sym, val) enum { ptlint_bound_##sym = (val) };
#define BLANK()
#define OFFSET(sym, str, mem) DEFINE(sym, __builtin_offsetof(struct str, mem))
#define COMMENT(x)
#endif
"""


def generated_headers(tree: Tree, symbols: Mapping[str, str]) -> dict[str, str]:
    """The text of each generated header but ``bounds.h``, by its path below the folder of generated files.

    ``symbols`` are the values of the configuration, as ``Build.symbols`` has them.
    """
    found = {
        f"{GENERATED}/autoconf.h": _autoconf(symbols),
        f"{GENERATED}/asm-offsets.h": "",
        f"{GENERATED}/timeconst.h": "",
        f"{GENERATED}/utsrelease.h": f'#define UTS_RELEASE "{tree.version}"\n',
        f"{GENERATED}/compile.h": '#define UTS_MACHINE "x86_64"\n#define UTS_VERSION "#1"\n#define LINUX_COMPILE_BY ""\n'
        '#define LINUX_COMPILE_HOST ""\n#define LINUX_COMPILER "clang"\n',
        f"{GENERATED}/rq-offsets.h": _dummies(tree.read("kernel/sched/rq-offsets.c") or b""),
        "include/generated/uapi/linux/version.h": _version(tree.version),
        CLEANUP: _CLEANUP_TEXT,
        KBUILD_ENUM: _KBUILD_TEXT,
    } | {f"{COMPILER}/{name}": text for name, text in _COMPILER_TEXTS.items()}
    for folder, own, generic, prefix in (
        (ASM, "arch/x86/include/asm", "include/asm-generic", "asm-generic"),
        (ASM_UAPI, "arch/x86/include/uapi/asm", "include/uapi/asm-generic", "asm-generic"),
    ):
        found |= _wrappers(tree, folder, own, generic, prefix)
    for name, prefix, table, abis in (
        (f"{ASM_UAPI}/unistd_32.h", "__NR_", "syscall_32.tbl", ("i386",)),
        (f"{ASM_UAPI}/unistd_64.h", "__NR_", "syscall_64.tbl", ("common", "64")),
        (f"{ASM}/unistd_32_ia32.h", "__NR_ia32_", "syscall_32.tbl", ("i386",)),
        (f"{ASM}/unistd_64_x32.h", "__NR_x32_", "syscall_64.tbl", ("common", "x32")),
    ):
        found[name] = _numbers(tree.read(f"arch/x86/entry/syscalls/{table}") or b"", prefix, abis)
    if f"{ASM}/cpufeaturemasks.h" in found:
        found[f"{ASM}/cpufeaturemasks.h"] = _feature_masks(tree.read("arch/x86/include/asm/cpufeatures.h") or b"", symbols)
    return found


def _autoconf(symbols: Mapping[str, str]) -> str:
    lines = []
    for name, value in sorted(symbols.items()):
        if value == "y":
            lines.append(f"#define CONFIG_{name} 1")
        elif value == "m":
            lines.append(f"#define CONFIG_{name}_MODULE 1")
        elif value != "n":
            lines.append(f"#define CONFIG_{name} {value}")
    return "\n".join(lines) + "\n"


def _version(version: str) -> str:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]] + [0, 0, 0]
    major, patch, sub = numbers[:3]
    return (
        f"#define LINUX_VERSION_CODE {(major << 16) + (patch << 8) + min(sub, 255)}\n"
        "#define KERNEL_VERSION(a,b,c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
        f"#define LINUX_VERSION_MAJOR {major}\n#define LINUX_VERSION_PATCHLEVEL {patch}\n#define LINUX_VERSION_SUBLEVEL {sub}\n"
    )


def _dummies(source: bytes) -> str:
    """Offsets that only assembly-like code needs the value of: each is 0."""
    return "".join(f"#define {name.decode()} 0\n" for name in _DEFINE.findall(source))


def _lists(text: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"generic": [], "mandatory": [], "generated": []}
    for line in text.decode("utf-8", "replace").replace("\\\n", " ").splitlines():
        if match := _LIST.match(line.partition("#")[0].strip()):
            found[match[1]] += match[2].split()
    return found


def _wrappers(tree: Tree, folder: str, own: str, generic: str, prefix: str) -> dict[str, str]:
    arch, common = _lists(tree.read(f"{own}/Kbuild") or b""), _lists(tree.read(f"{generic}/Kbuild") or b"")
    found = {f"{folder}/{name}": "" for name in arch["generated"]}
    for name in arch["generic"] + common["mandatory"]:
        if name not in arch["generated"] and not tree.exists(f"{own}/{name}"):
            found[f"{folder}/{name}"] = f"#include <{prefix}/{name}>\n"
    return found


def _numbers(table: bytes, prefix: str, abis: tuple[str, ...]) -> str:
    rows = [line.split() for line in table.decode("utf-8", "replace").splitlines() if line.strip() and not line.startswith("#")]
    return "".join(f"#define {prefix}{row[2]} {row[0]}\n" for row in rows if len(row) > 2 and row[1] in abis)


def _feature_masks(features: bytes, symbols: Mapping[str, str]) -> str:
    """Which CPU features the configuration requires and rules out, a mask a word."""
    where = {name.decode(): (int(word), int(bit)) for name, word, bit in _FEATURE.findall(features)}
    count = _WORDS.search(features)
    words = int(count[1]) if count else 0
    lines = ["#ifndef _ASM_X86_CPUFEATUREMASKS_H", "#define _ASM_X86_CPUFEATUREMASKS_H"]
    for kind in ("REQUIRED", "DISABLED"):
        masks = [0] * words
        for name, (word, bit) in where.items():
            if word < words and symbols.get(f"X86_{kind}_FEATURE_{name}") == "y":
                masks[word] |= 1 << bit
        lines += [f"#define {kind}_MASK{word} 0x{mask:08x}U" for word, mask in enumerate(masks)]
        tests = "".join(f"((x) >> 5) == {word} ? {kind}_MASK{word} : " for word, mask in enumerate(masks) if mask)
        lines.append(f"#define {kind}_MASK_BIT_SET(x) (({tests}0) & (1U << ((x) & 31)))")
    return "\n".join([*lines, "#endif", ""])
