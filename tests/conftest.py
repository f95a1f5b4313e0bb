"""What all tests share: samples of results, and the real kernels.

Real kernels are below the folder that PTLINT_KERNELS names (``6.1``, ``6.12``, ``6.12-seed``). A test marked ``kernel`` that takes the fixture
``kernel`` (or ``kernel_tree``, for one version) runs on each that is there. The last lines of a run say which were tested; with
PTLINT_REQUIRE_KERNELS ("6.1 6.12") the run fails when one of those was not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How busy the machine is says nothing about ptlint.
settings.register_profile("ptlint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ptlint")

KERNELS = ("6.1", "6.12", "6.12-seed")
_tested: set[str] = set()
_failed: set[str] = set()
_limits: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    """A run has a cache of its own, which its processes share: not what the user has there, and not left behind."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="ptlint-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ["XDG_CACHE_HOME"] = folder.name
        os.environ.pop("PTLINT_CACHE_DIR", None)


def _find(version: str) -> Path:
    folder = os.environ.get("PTLINT_KERNELS")
    path = Path(folder, version) if folder else None
    if path is None or not path.is_dir():
        pytest.skip(f"no kernel {version}: PTLINT_KERNELS is {folder or 'not set'}")
    return path


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Path:
    """Each of the real kernels; its version is its folder's name."""
    path = _find(request.param)
    record_property("kernel", request.param)
    return path


@pytest.fixture
def kernel_tree(record_property: Callable[[str, object], None]) -> Callable[[str], Path]:
    """The kernel of one version, for a test that is about that one."""

    def find(version: str) -> Path:
        path = _find(version)
        record_property("kernel", version)
        return path

    return find


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that collects the reports, also with xdist: which kernels a test was run on."""
    versions = {str(value) for name, value in report.user_properties if name == "kernel"}
    if report.when == "call":
        _limits.update(str(value) for name, value in report.user_properties if name == "known-limit")
    if report.when == "call" and report.passed:
        _tested.update(versions)
    if report.failed:
        _failed.update(versions)


def _missing() -> list[str]:
    return [version for version in os.environ.get("PTLINT_REQUIRE_KERNELS", "").replace(",", " ").split() if version not in _tested]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A required kernel that was not tested is a failure."""
    if not hasattr(session.config, "workerinput") and _missing() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it in the last lines."""
    if _limits:
        terminalreporter.write_line(f"known limits of the engine: {len(_limits)} cases ({', '.join(sorted(_limits))})")
    left = [version for version in KERNELS if version not in _tested | _failed]
    tested = ", ".join(sorted(_tested)) or "none"
    terminalreporter.write_line(f"kernels tested: {tested}" + (f"; failed on: {', '.join(sorted(_failed))}" if _failed else ""))
    if left:
        terminalreporter.write_line(f"kernels skipped: {', '.join(left)} (put them below a folder and name it in PTLINT_KERNELS)")
    if _missing():
        terminalreporter.write_line(f"kernels required and not tested: {', '.join(_missing())}", red=True)
