"""How long ptlint takes, against a yardstick that is run in the same call. See README.md.

``python benchmarks/run.py [--kernel DIR] [--yardstick COMMAND] [--jobs N] [--history] [--scaling]``
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "fixtures" / "demo"
DEFINITION = re.compile(r"^[a-z_][\w\s*]*?\b(\w+)\([^;{}#]*\)\s*\{", re.MULTILINE)
COPIES = (1, 4, 16)
COMMITS, MATTER = 50, 5


class Run(NamedTuple):
    """What one run took: seconds on the clock, seconds of all processors, MiB of all processes together at the worst moment."""

    wall: float
    cpu: float
    memory: float


def children(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(found for child in below for found in children(int(child)))]


def resident(pid: int) -> int:
    """The memory of a process, in pages."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


def measured(command: list[str], statuses: tuple[int, ...] = (0,), said: str = "") -> Run:
    """Run a command to its end. Raises SystemExit when it ends in another way than it should, or does not print ``said``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    worst, over = 0, threading.Event()

    def watch() -> None:
        nonlocal worst
        while not over.wait(0.05):
            worst = max(worst, sum(map(resident, children(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, errors = process.communicate()
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in statuses:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}\n{errors.decode(errors='replace')}")
    if said.encode() not in output:
        raise SystemExit(f"{' '.join(command)}: {said!r} is not in what it prints, so what it took says nothing")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, worst * os.sysconf("SC_PAGE_SIZE") / 2**20)


class Bench:
    """One kernel, copied to where it may be edited, and a cache of its own."""

    def __init__(self, kernel: Path, folder: Path, jobs: int) -> None:
        self.tree = Path(shutil.copytree(kernel, folder / "tree", symlinks=True))
        self.cache = folder / "cache"
        self.jobs = jobs
        time.sleep(2.1)  # as a tree that lies there already: its times are not so fresh that the cache must not rely on them

    def check(self, *words: str, cold: bool = False, tree: Path | None = None) -> Run:
        """``ptlint check``; ``cold``: with an empty cache."""
        if cold:
            shutil.rmtree(self.cache, ignore_errors=True)
        command = [sys.executable, "-m", "ptlint", "check", str(tree or self.tree), "--cache-dir", str(self.cache), "--jobs", str(self.jobs)]
        return measured([*command, "-q", "--format", "json", *words], (0, 1), '"schema": "ptlint-check/1"')

    def append(self, file: str, text: str) -> None:
        """Add to a file of the tree, which need not be there."""
        path = self.tree / file
        path.write_bytes((path.read_bytes() if path.exists() else b"") + text.encode())
        time.sleep(0.1)

    def change_function(self, file: str) -> None:
        """One statement more in the last function of a file; no line moves."""
        path = self.tree / file
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        at = list(DEFINITION.finditer(text))[-1].end()
        path.write_text(text[:at] + " { static int ptlint_bench; ptlint_bench++; }" + text[at:], encoding="utf-8", errors="surrogateescape")
        time.sleep(0.1)


def libclang_yardstick(tree: Path, jobs: int) -> Run:
    """Parse the units of the build with all guests without a precompiled header."""
    code = (
        "import sys; from pathlib import Path; from ptlint import resources; from ptlint.program.border import load_border;"
        "from ptlint.select import load_rules, select; from ptlint.build import prepare; from ptlint.tree import open_tree; import tempfile, msgspec;"
        "tree = open_tree(sys.argv[1]); folder = sys.argv[2];"
        "chosen = select(tree, load_border(resources.rules()), load_rules(resources.rules()));"
        "plan = prepare(tree, folder, gates=chosen.gates); build = next(b for b in plan.builds if 'native' in b.runtimes);"
        "units = [(f, plan.command(build, f).arguments) for f in sorted(build.units & chosen.units)];"
        "Path(folder, 'units').write_bytes(msgspec.msgpack.encode((tree.directory(), units)))"
    )
    parse = (
        "import sys, msgspec; from ptlint.frontend.clang import load; from ptlint.frontend.source import Sources;"
        "from ptlint.frontend.units import translation_unit;"
        "root, units = msgspec.msgpack.decode(open(sys.argv[1], 'rb').read()); part, parts = int(sys.argv[2]), int(sys.argv[3]);"
        "[translation_unit(load(), Sources(root), f, a).__enter__() for f, a in units[part::parts]]"
    )
    with tempfile.TemporaryDirectory() as folder:
        measured([sys.executable, "-c", code, str(tree), folder])
        began = time.monotonic()
        with ThreadPoolExecutor(jobs) as pool:
            runs = list(pool.map(lambda part: measured([sys.executable, "-c", parse, f"{folder}/units", str(part), str(jobs)]), range(jobs)))
        return Run(time.monotonic() - began, 0.0, sum(run.memory for run in runs))


def yardstick(command: str | None, tree: Path, jobs: int) -> tuple[str, Run]:
    """Its name, and what it took."""
    if command:
        return "clang", measured(["sh", "-c", command])
    return "libclang, no precompiled header", libclang_yardstick(tree, jobs)


def row(name: str, run: Run, goal: str, ratio: str = "") -> None:
    """One line of the table."""
    print(f"| {name} | {run.wall:.2f} | {run.cpu:.2f} | {run.memory:.0f} | {ratio} | {goal} |", flush=True)


def table(bench: Bench, command: str | None) -> None:
    """The main table."""
    name, scale = yardstick(command, bench.tree, 2)
    print("| work | seconds | CPU seconds | MiB | of the yardstick | goal |\n| --- | --- | --- | --- | --- | --- |")
    row(f"the yardstick ({name})", scale, "")

    def against(run: Run) -> str:
        return f"{run.wall / scale.wall:.2f}"

    first = bench.check("--variant", "nopv", cold=True)
    cold = bench.check(cold=True)
    row("cold, all builds", cold, "≤ 1.0 × the yardstick, ≤ 800 MiB", against(cold))
    row("cold, the first build alone", first, f"all ≤ 3 × this; is {cold.wall / first.wall:.2f} ×", against(first))
    warm = bench.check()
    row("warm, nothing changed", bench.check(), "≤ 0.5 s", against(warm))
    bench.change_function("mm/memory.c")
    one = bench.check()
    row("warm, one function of mm/memory.c changed", one, "≤ 2 s", against(one))
    bench.append("include/linux/mm.h", "/* no effect */\n")
    header = bench.check()
    row("warm, a header that changes nothing", header, "≤ 1 × reading the units, no analysis", against(header))
    patch = bench.cache.parent / "documentation.patch"
    patch.write_text("--- /dev/null\n+++ b/Documentation/ptlint-bench.rst\n@@ -0,0 +1 @@\n+nothing\n")
    run = bench.check("--patch", str(patch))
    row("--patch that touches nothing relevant", run, "≤ 0.3 s", against(run))
    for word in ("--version", "--help"):
        run = min(measured([sys.executable, "-m", "ptlint", word]) for _ in range(3))
        row(f"ptlint {word}", run, "≤ 0.15 s", against(run))


def history(bench: Bench) -> None:
    """Fifty commits of which five matter."""
    git = ["git", "-C", str(bench.tree), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]

    def commit() -> None:
        subprocess.run([*git, "add", "-A"], check=True, capture_output=True)
        subprocess.run([*git, "commit", "-qm", "."], check=True, capture_output=True)

    subprocess.run([*git, "init", "-q"], check=True)
    for number in range(COMMITS):
        if number % (COMMITS // MATTER):
            bench.append("README.bench", f"{number}\n")
        else:
            bench.append("mm/memory.c", f"void ptlint_bench_{number}(void) {{ }}\n")
        commit()
    one = bench.check("--rev", f"HEAD~{COMMITS - 1}", cold=True)
    began = time.monotonic()
    for number in reversed(range(COMMITS - 1)):
        bench.check("--rev", f"HEAD~{number}")
    total = one.wall + time.monotonic() - began
    print(f"\n{COMMITS} commits of which {MATTER} matter: {total:.1f} s, {total / one.wall:.1f} × the first (goal: ≤ 6 ×)")


def grown(folder: Path, copies: int) -> Path:
    """The demo's kernel with each file of mm/ several times, its functions under other names."""
    tree = Path(shutil.copytree(DEMO, folder / f"demo-{copies}", symlinks=True))
    files = sorted((tree / "mm").glob("*.c"))
    for number in range(1, copies):
        for path in files:
            text = path.read_text()
            for name in set(DEFINITION.findall(text)):
                text = re.sub(rf"\b{name}\b", f"{name}_{number}", text)
            path.with_name(f"copy{number}-{path.name}").write_text(text)
    with (tree / "mm" / "Makefile").open("a") as makefile:
        makefile.writelines(f"obj-y += copy{number}-{path.stem}.o\n" for number in range(1, copies) for path in files)
    return tree


def scaling(bench: Bench) -> None:
    """Time and memory against builds, size and jobs."""
    print("\n| what | seconds | CPU seconds | MiB |\n| --- | --- | --- | --- |")

    def line(name: str, run: Run) -> None:
        print(f"| {name} | {run.wall:.2f} | {run.cpu:.2f} | {run.memory:.0f} |", flush=True)

    for variants in (("nopv",), ("nopv", "native"), ("nopv", "native", "nopv/pae")):
        line(f"{len(variants)} builds", bench.check("--variant", ",".join(variants), cold=True))
    for copies in COPIES:
        tree = grown(bench.cache.parent, copies)
        for jobs in (1, 2):
            bench.jobs = jobs
            line(f"demo × {copies}, {jobs} jobs", bench.check(cold=True, tree=tree))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", type=Path, default=DEMO, help="the kernel to look at [default: the demo's]")
    parser.add_argument("--yardstick", default=os.environ.get("PTLINT_YARDSTICK"), help="a shell command to compare with")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--history", action="store_true", help="also fifty commits")
    parser.add_argument("--scaling", action="store_true", help="also builds, sizes and jobs")
    options = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {machine}, kernel {options.kernel.name}\n")
    with tempfile.TemporaryDirectory(prefix="ptlint-bench-") as folder:
        bench = Bench(options.kernel.resolve(), Path(folder), options.jobs)
        table(bench, options.yardstick)
        if options.scaling:
            scaling(bench)
        if options.history:
            history(bench)


if __name__ == "__main__":
    main()
