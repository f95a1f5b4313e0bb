# Needs python3 (3.11 or later), git and make. Everything else comes into .venv by itself.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
TREE ?= .
ROOT ?= free_pte
YARDSTICK ?= $(if $(KERNEL),$(foreach tool,$(wildcard ../shared/kernels/clang-baseline),$(tool) run))
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: demo test quick check bench lint dist docs clean
.DEFAULT_GOAL := demo

## a run over the small kernel that comes along; findings are what it is there for
demo: $(VENV)/.run
	$(BIN)/ptlint check fixtures/demo || [ $$? -eq 1 ]
	$(BIN)/ptlint graph fixtures/demo --root $(ROOT)

## the tests; real kernels with PTLINT_KERNELS=DIR (see CONTRIBUTING.md)
test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(JOBS)

## the tests that take less than a minute together
quick: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow and not kernel"

## check a kernel: make check TREE=~/linux
check: $(VENV)/.run
	$(BIN)/ptlint check $(TREE)

## how long it takes, against a yardstick: make bench KERNEL=~/linux YARDSTICK="a command" (see benchmarks/README.md)
bench: $(VENV)/.run
	$(BIN)/python benchmarks/run.py $(if $(KERNEL),--kernel $(KERNEL)) $(if $(YARDSTICK),--yardstick "$(YARDSTICK)") $(BENCH)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## what is generated and committed: JSON Schemas, the README's example, samples of formats
docs: $(VENV)/.dev
	$(BIN)/python -m ptlint.report.schema docs/schema
	PTLINT_UPDATE=1 $(BIN)/python -m pytest -q tests/test_cli.py tests/test_formats.py -k "readme or samples"

## wheel and sdist, as PyPI takes them
dist: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

clean:
	rm -rf $(VENV) dist build

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "ptlint needs Python 3.11 or later with its venv module (python3.11 to python3.14); none is in PATH" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.run
