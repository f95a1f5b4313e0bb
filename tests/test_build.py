"""The stage that chooses builds and says how their units are parsed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ptlint.build import not_covered, prepare
from ptlint.build.answers import answer, load_rules, succeeds
from ptlint.build.derive import derive_builds
from ptlint.build.expand import expand
from ptlint.build.headers import ASM, ASM_UAPI, generated_headers
from ptlint.build.kconfig import parse
from ptlint.build.makefiles import Makefiles
from ptlint.errors import UsageError
from ptlint.tree import WorkTree, open_tree

KCONFIG = """
config MODULES
    bool "modules"
    modules

config OLD_NAME
    bool
    transitional
    help
      modules

config 64BIT
    bool "64-bit" if "$(ARCH)" = "x86"
    default y

config X86_64
    def_bool 64BIT

config X86
    def_bool y
    select MMU_GATHER_RCU_TABLE_FREE if PARAVIRT

config MMU_GATHER_RCU_TABLE_FREE
    bool

config X86_PAE
    bool "PAE"
    depends on !64BIT

config SMP
    bool "SMP"
    default y

config PARAVIRT
    bool "paravirt"

config KVM_GUEST
    bool "KVM"
    depends on PARAVIRT

config PT_RECLAIM
    bool "reclaim"
    default y
    depends on X86_64 && SMP
    select MMU_GATHER_RCU_TABLE_FREE

config A
    bool "a"

config B
    bool "b"

config GUARDED
    bool "guarded"
    depends on A if B

config HIDDEN
    bool

config SELECTS
    bool "selects"
    depends on A
    select HIDDEN

config TEXT
    string
    default "x\\"y"

config ADDRESS
    hex
    default 0x10

config EVIL
    def_bool $(shell,touch @MARK@ && echo y)

config EVIL2
    def_bool $(success,touch @MARK@)
$(info,hello)
source "mm/Kconfig*"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small kernel; running any command of its Kconfig would make the file ``ran``."""
    root = tmp_path / "kernel"
    helpers = 'success = $(shell,{ $(1); } >/dev/null 2>&1 && echo "y" || echo "n")\n'
    files = {
        "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n",
        "Kconfig": helpers + KCONFIG.replace("@MARK@", str(tmp_path / "ran")),
        "mm/Kconfig": "config IN_MM\n\tdef_bool y\n",
        "Kbuild": "obj-y += mm/\nobj-y += arch/x86/\nobj-y += $(ARCH_LIB)\n",
        "mm/Makefile": "mmu-y := memory.o\nobj-y := $(mmu-y) both.o\nobj-$(subst m,y,$(CONFIG_PARAVIRT)) += pv.o\nboth-y := one.o\n"
        "both-$(CONFIG_X86_64) += two.o\nifdef CONFIG_PT_RECLAIM\nobj-y += reclaim.o # why\nelse ifeq ($(CONFIG_SMP),y)\nobj-y += smp.o\n"
        "else\nobj-y += up.o\nendif\nx.o: y.o FORCE\n\tobj-y=no.o\n",
        "arch/x86/Kbuild": "obj-y += mm/\n",
        "arch/x86/Makefile": "libs-y += arch/x86/lib/\n",
        "arch/x86/lib/Makefile": "lib-y := lib_$(BITS).o\n",
        "arch/x86/mm/Makefile": "obj-y := init_$(BITS).o \\\n\tpgtable.o\n",
        "arch/x86/configs/x86_64_defconfig": "CONFIG_A=y\n",
        "arch/x86/include/asm/Kbuild": "generated-y += syscalls_64.h\ngenerated-y += cpufeaturemasks.h\ngeneric-y += a.h\n",
        "arch/x86/include/asm/own.h": "",
        "arch/x86/include/asm/cpufeatures.h": "#define NCAPINTS 2\n#define X86_FEATURE_FPU ( 0*32+ 0) /* x */\n#define X86_FEATURE_LM (1*32+29)\n",
        "include/asm-generic/Kbuild": "mandatory-y += own.h\nmandatory-y += vdso/b.h\n",
        "include/uapi/asm-generic/Kbuild": "mandatory-y += types.h\n",
        "arch/x86/entry/syscalls/syscall_32.tbl": "# nr\n1 i386 exit sys_exit\n",
        "kernel/bounds.c": "#include <linux/kbuild.h>\nint main(void)\n{\nDEFINE(NR_X, 2 + sizeof(int));\nreturn 0;\n}\n",
        "include/linux/kconfig.h": "#include <generated/autoconf.h>\n",
        "include/linux/compiler_types.h": "#define __cleanup(func) __attribute__((__cleanup__(func)))\n",
        "mm/memory.c": "#include <asm/a.h>\n#include <generated/bounds.h>\nvoid f(int *p);\nvoid g(void) { int x __cleanup(f) = NR_X; }\n"
        "#ifndef CONFIG_SMP\n#error no configuration\n#endif\n",
        "include/asm-generic/a.h": "",
    }
    for name in ("both", "one", "two", "pv", "reclaim", "smp", "up", "no"):
        files[f"mm/{name}.c"] = ""
    for name in ("mm/init_64.c", "mm/init_32.c", "mm/pgtable.c", "lib/lib_64.c", "lib/lib_32.c"):
        files[f"arch/x86/{name}"] = ""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_nothing_is_run_or_printed(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kconfigfunctions.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    before = dict(os.environ)
    kconfig = parse(WorkTree(str(root)), load_rules())
    kconfig.load("")
    assert "EVIL" not in kconfig.values() and "EVIL2" not in kconfig.values()
    assert not (tmp_path / "ran").exists()
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")


def test_current_syntax(root: Path) -> None:
    kconfig = parse(WorkTree(str(root)), load_rules())
    kconfig.load("CONFIG_MODULES=y\nCONFIG_GUARDED=y\nCONFIG_B=y\n")
    values = kconfig.values()
    assert values["MODULES"] == values["IN_MM"] == "y" and "GUARDED" not in values
    assert (values["TEXT"], values["ADDRESS"]) == ('"x\\"y"', "0x10")
    kconfig.load("CONFIG_GUARDED=y\n")
    assert kconfig.values()["GUARDED"] == "y"
    kconfig.load("CONFIG_GUARDED=y\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_SMP is not set\n")
    assert kconfig.values()["GUARDED"] == "y" and "SMP" not in kconfig.values()


def test_environment_is_not_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCH", "arm")
    monkeypatch.setenv("KCONFIG_FUNCTIONS", "antigravity")
    kconfig = parse(WorkTree(str(root)), load_rules())
    kconfig.load("# CONFIG_64BIT is not set\n")
    assert "X86_64" not in kconfig.values()


def test_broken_kconfig(root: Path) -> None:
    (root / "mm/Kconfig").write_text("config A\n\tbool\n\tfrobnicate !\n")
    with pytest.raises(UsageError, match="mm/Kconfig:3"):
        parse(WorkTree(str(root)), load_rules())
    (root / "Kconfig").write_text('source "none/Kconfig"\n')
    with pytest.raises(UsageError, match="none/Kconfig"):
        parse(WorkTree(str(root)), load_rules())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('{ test "Clang" = GCC; } >/dev/null 2>&1 && echo "y" || echo "n"', "n"),
        ('{ test "Clang" = Clang; } >/dev/null 2>&1 && echo "y" || echo "n"', "y"),
        ("set -- Clang 180101 && echo $2", "180101"),
        ("expr 180101 / 10000", "18"),
        ("./scripts/cc-version.sh clang", "Clang 180101"),
        ("rm -rf /", ""),
    ],
)
def test_answers(command: str, expected: str) -> None:
    assert answer(load_rules(), command) == expected


def test_compiler_probes() -> None:
    rules = load_rules()
    probe = 'trap "rm -rf .tmp_$" EXIT; mkdir .tmp_$; clang -Werror  {} -c -x c /dev/null -o .tmp_$/tmp.o'
    assert succeeds(rules, probe.format("-fsanitize=kernel-address"))
    assert not succeeds(rules, probe.format("-mfunction-return=thunk-extern -mindirect-branch=thunk-extern"))
    assert not succeeds(rules, "curl example.org")


def test_builds(root: Path) -> None:
    tree = WorkTree(str(root))
    builds = {build.name: build for build in derive_builds(tree, parse(tree, load_rules()), ["CONFIG_SELECTS"])}
    assert list(builds) == ["nopv", "nopv/no-pt-reclaim", "pv", "pv/no-pt-reclaim", "nopv/pae"]
    assert builds["pv"].runtimes == ("native", "kvm") and builds["nopv"].runtimes == ("nopv",)
    assert builds["pv/no-pt-reclaim"].variant("kvm") == "kvm/no-pt-reclaim"
    assert builds["nopv/pae"].bits == 32 and builds["nopv/pae"].symbols["X86_PAE"] == "y"
    assert "MMU_GATHER_RCU_TABLE_FREE" not in builds["nopv/no-pt-reclaim"].symbols
    assert builds["nopv"].symbols["HIDDEN"] == "y"
    assert not_covered(list(builds.values()), ["CONFIG_SMP", "GUARDED_NOT", "EVIL"]) == ["EVIL", "GUARDED_NOT"]
    assert builds["nopv"].units == {f"mm/{name}.c" for name in ("memory", "one", "two", "reclaim")} | {
        f"arch/x86/{name}.c" for name in ("mm/init_64", "mm/pgtable", "lib/lib_64")
    }
    assert "mm/pv.c" in builds["pv"].units and "mm/smp.c" in builds["nopv/no-pt-reclaim"].units
    assert {"arch/x86/mm/init_32.c", "arch/x86/lib/lib_32.c"} <= builds["nopv/pae"].units and "mm/two.c" not in builds["nopv/pae"].units


def test_a_symbol_that_the_rules_do_not_know_is_looked_at_both_ways(root: Path) -> None:
    tree = WorkTree(str(root))
    switches = ["B", "SMP", "HIDDEN", "GUARDED", "EVIL2", "PT_RECLAIM", "NONE"]
    builds = {build.name: build for build in derive_builds(tree, parse(tree, load_rules()), ["A", "B", "GUARDED"], switches=switches)}
    assert list(builds) == [f"{pv}{word}" for pv in ("nopv", "pv") for word in ("", "/no-pt-reclaim", "/no-b", "/no-guarded")] + ["nopv/pae"]
    assert builds["pv/no-b"].variant("kvm") == "kvm/no-b"
    assert "B" not in builds["pv/no-b"].symbols and builds["pv/no-guarded"].symbols["B"] == "y"


def test_own_configuration(root: Path, tmp_path: Path) -> None:
    tree = WorkTree(str(root))
    mine = tmp_path / "mine.config"
    mine.write_text("CONFIG_PARAVIRT=y\n# CONFIG_SMP is not set\n")
    build = derive_builds(tree, parse(tree, load_rules()), (), mine)[-1]
    assert build.name == "config:mine.config" and build.runtimes == ("native",) and "SMP" not in build.symbols
    with pytest.raises(UsageError, match="none"):
        derive_builds(tree, parse(tree, load_rules()), (), tmp_path / "none")


def test_makefile_words() -> None:
    values = {"CONFIG_A": "m", "list": "a.o b.c", "deep": "$(list)"}
    assert expand("obj-$(subst m,y,$(CONFIG_A))", values) == "obj-y"
    assert expand("$(list:.o=.x) ${CONFIG_A} $(none)$$", values) == "a.x b.c m $"
    assert expand("$(filter %.o,$(deep))|$(filter-out %.o,$(deep))|$(addprefix d/,$(deep))", values) == "a.o|b.c|d/a.o d/b.c"
    assert expand("$(patsubst %.o,x%,$(deep)) $(shell touch x) $(if $(none),a,b)", values) == "xa b.c  b"


def test_folders_that_the_top_makefile_names(root: Path) -> None:
    """Until 5.17 they stand there, behind conditions, and Kbuild names none."""
    (root / "Kbuild").write_text("")
    top = (root / "Makefile").read_text()
    (root / "Makefile").write_text(top + "ifeq ($(KBUILD_EXTMOD),)\ncore-y := init/\nlibs-y := arch/x86/lib/\ncore-y += mm/ arch/x86/\nendif\n")
    makefiles = Makefiles(WorkTree(str(root)))
    units, _ = makefiles.units({"X86_64": "y"})
    assert {"mm/memory.c", "mm/one.c", "arch/x86/mm/init_64.c", "arch/x86/lib/lib_64.c"} <= units
    assert makefiles.passed_by(("mm", "arch/x86/mm", "fs")) == frozenset()


def test_a_folder_that_matters_and_is_not_entered_is_said(root: Path) -> None:
    (root / "Kbuild").write_text("obj-y += arch/x86/\n")
    tree = WorkTree(str(root))
    (build, *_) = derive_builds(tree, parse(tree, load_rules()))
    assert build.passed_by == {"mm/Makefile"}
    (root / "Kbuild").write_text("obj-y += mm/\nobj-y += arch/x86/\n")
    (build, *_) = derive_builds(tree, parse(tree, load_rules()))
    assert build.passed_by == frozenset()


def test_a_complaint_about_the_toolchain_is_no_error(root: Path) -> None:
    text = (root / "Kconfig").read_text()
    (root / "Kconfig").write_text("$(error-if,y,this compiler is not supported)\n$(warning-if,y,old)\n" + text)
    tree = WorkTree(str(root))
    assert parse(tree, load_rules()).symbol("SMP") is not None


def test_headers_of_the_compiler_are_there_behind_the_trees_own(root: Path, tmp_path: Path) -> None:
    cindex = pytest.importorskip("clang.cindex")
    (root / "include/stdbool.h").write_text("#define mine 1\n")
    (root / "mm/memory.c").write_text("#include <stdarg.h>\n#include <stddef.h>\n#include <stdbool.h>\nva_list list; void *p = NULL; int x = mine;\n")
    plan = prepare(WorkTree(str(root)), tmp_path / "cache")
    command = plan.command(plan.builds[0], "mm/memory.c")
    unit = cindex.Index.create().parse(command.file, args=list(command.arguments))
    assert [entry.spelling for entry in unit.diagnostics] == []


def test_modules(root: Path) -> None:
    (root / "mm/Makefile").write_text("obj-m := one.o\nobj-y := two.o\n")
    units, modules = Makefiles(WorkTree(str(root))).units({})
    assert modules == {"mm/one.c"} and {"mm/one.c", "mm/two.c"} <= units


def test_generated_headers(root: Path) -> None:
    symbols = {"SMP": "y", "M": "m", "S": '"x"', "N": "5", "X86_REQUIRED_FEATURE_FPU": "y", "X86_DISABLED_FEATURE_LM": "y"}
    headers = generated_headers(WorkTree(str(root)), symbols)
    assert headers["include/generated/autoconf.h"].split("\n") == [
        "#define CONFIG_M_MODULE 1",
        "#define CONFIG_N 5",
        '#define CONFIG_S "x"',
        "#define CONFIG_SMP 1",
        "#define CONFIG_X86_DISABLED_FEATURE_LM 1",
        "#define CONFIG_X86_REQUIRED_FEATURE_FPU 1",
        "",
    ]
    assert headers[f"{ASM}/a.h"] == "#include <asm-generic/a.h>\n" and headers[f"{ASM}/vdso/b.h"] == "#include <asm-generic/vdso/b.h>\n"
    assert f"{ASM}/own.h" not in headers and headers[f"{ASM_UAPI}/types.h"] == "#include <asm-generic/types.h>\n"
    masks = headers[f"{ASM}/cpufeaturemasks.h"]
    assert "#define REQUIRED_MASK0 0x00000001U" in masks and "#define DISABLED_MASK1 0x20000000U" in masks
    assert headers[f"{ASM}/unistd_32_ia32.h"] == "#define __NR_ia32_exit 1\n"


def test_parse_with_libclang(root: Path, tmp_path: Path) -> None:
    cindex = pytest.importorskip("clang.cindex")
    tree = WorkTree(str(root))
    before = sorted(str(path) for path in root.rglob("*"))
    plan = prepare(tree, tmp_path / "cache")
    for build in plan.builds:
        command = plan.command(build, "mm/memory.c")
        unit = cindex.Index.create().parse(command.file, args=list(command.arguments))
        assert [entry.spelling for entry in unit.diagnostics] == []
        cursors = list(unit.cursor.walk_preorder())
        assert "cleanup:f" in [cursor.spelling for cursor in cursors if cursor.kind == cindex.CursorKind.ANNOTATE_ATTR]
        assert {cursor.location.file.name for cursor in cursors if cursor.location.file} == {"mm/memory.c"}
        assert "#define NR_X 6" in (Path(plan.generated[build.name]) / "include/generated/bounds.h").read_text()
    assert sorted(str(path) for path in root.rglob("*")) == before
    again = prepare(tree, tmp_path / "cache")
    assert again.builds == plan.builds and again.generated == plan.generated


def test_commit_is_parsed(root: Path, tmp_path: Path) -> None:
    cindex = pytest.importorskip("clang.cindex")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environment.pop("GIT_DIR", None)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=root, env=environment, check=True)
    (root / "mm/memory.c").write_text("#error the work tree\n")
    with open_tree(root, "HEAD") as tree:
        plan = prepare(tree, tmp_path / "cache")
        command = plan.command(plan.builds[0], "mm/memory.c")
        unit = cindex.Index.create().parse(command.file, args=list(command.arguments))
        assert [entry.spelling for entry in unit.diagnostics] == []


def test_part_of_a_tree(root: Path) -> None:
    for name in ("iommu", "xen"):
        (root / "drivers" / name).mkdir(parents=True)
        (root / "drivers" / name / "Makefile").write_text("obj-y := a.o\n")
        (root / "drivers" / name / "a.c").write_text("")
    units, _ = Makefiles(WorkTree(str(root)), load_rules().folder).units({})
    assert "drivers/iommu/a.c" in units and "drivers/xen/a.c" not in units
    (root / "drivers/Makefile").write_text("")
    units, _ = Makefiles(WorkTree(str(root)), load_rules().folder).units({})
    assert "drivers/iommu/a.c" not in units


@pytest.mark.kernel
def test_real_kernels(kernel: Path, tmp_path: Path) -> None:
    from clang import cindex

    with open_tree(kernel) as tree:
        plan = prepare(tree, tmp_path)
        builds = {build.name: build for build in plan.builds}
        axes = ["nopv/no-pt-reclaim", "pv/no-pt-reclaim"] if kernel.name == "6.12-seed" else []
        assert sorted(builds) == sorted(["nopv", "pv", "nopv/pae", *axes])
        assert builds["pv"].runtimes == ("native", "xen", "hyperv", "kvm")
        assert "arch/x86/kernel/machine_kexec_32.c" in builds["nopv/pae"].units
        wanted = {"mm/khugepaged.c", "mm/kasan/init.c", "mm/bootmem_info.c", "mm/debug_vm_pgtable.c", "mm/hugetlb_vmemmap.c", "mm/ptdump.c"}
        wanted |= {"arch/x86/kernel/machine_kexec_64.c", "arch/x86/platform/efi/efi_64.c"}
        assert wanted <= builds["nopv"].units and wanted <= builds["pv"].units
        assert {"arch/x86/xen/mmu_pv.c", "arch/x86/hyperv/mmu.c", "arch/x86/kernel/kvm.c"} <= builds["pv"].units
        for build in plan.builds:
            for file in ("mm/mmu_gather.c", "arch/x86/mm/pgtable.c"):
                command = plan.command(build, file)
                unit = cindex.Index.create().parse(command.file, args=list(command.arguments))
                assert [str(entry) for entry in unit.diagnostics if entry.severity >= cindex.Diagnostic.Error] == []
