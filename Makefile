# One-word commands. `make` alone lists them; set-up runs first wherever it is needed and costs nothing twice.
# Another Python than `python3`: make PYTHON=python3.12 test

PYTHON ?= python3
BIN := .venv/bin
BASE ?= main
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
SAY = @printf '\n== %s\n'

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.NOTPARALLEL:

.PHONY: help
help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: ## make .venv and get OPA and bubblewrap
	@$(PYTHON) tools/setup.py run

.PHONY: demo
demo: setup ## set up, then show an agent without credentials at work
	$(SAY) 'demo'
	@$(BIN)/doorless demo

.PHONY: test
test: setup-test policy-test pytest ## set up, then run every test, Rego and Python

.PHONY: check
check: setup-test format-check lint types imports policy-check policy-test pytest ## every gate, then every test

.PHONY: bench
bench: ## set up, then measure speed and memory
	@$(PYTHON) tools/setup.py bench
	$(SAY) 'bench'
	@$(BIN)/python -m bench

.PHONY: prove
prove: setup ## set up, then prove on this machine that the walls hold
	$(SAY) 'prove'
	@$(BIN)/doorless prove

.PHONY: prove-long
prove-long: setup-test ## the long campaigns that `make test` only samples
	$(SAY) 'long campaigns (pytest)'
	@$(BIN)/python -m pytest -q -m long --timeout 3600

.PHONY: change
change: setup ## judge what is new since BASE (a branch or a commit) with `doorless check`
	$(SAY) 'change'
	@$(BIN)/doorless check --repo . --base $(BASE) --role maintainer

.PHONY: format
format: setup-test ## rewrite the sources the way `check` wants them
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@test ! -d policies || $(BIN)/opa fmt --write policies

.PHONY: lock
lock: setup-test ## resolve and hash the requirement files anew (UPGRADE=1 takes newer versions)
	$(SAY) 'lock'
	@$(call LOCK,--group build,doorless,pyproject.toml)
	@$(call LOCK,--group build --group test --group check --group lock -c requirements/doorless.txt,develop,pyproject.toml)
	@$(call LOCK,--group bubblewrap,bubblewrap)
	@$(call LOCK,--group go,go)
	@$(call LOCK,--group clients,clients)
	@$(call LOCK,--group scanners,scanners)
	@$(call LOCK,--group models,models)
	@$(call LOCK,--group detectors -c requirements/doorless.txt,detectors)

.PHONY: clean
clean: ## remove everything that was made here (.venv, caches); built tools stay in the user's cache
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The steps of `test` and `check`, each with its name.
.PHONY: setup-test format-check lint types imports policy-check policy-test pytest
setup-test:
	@$(PYTHON) tools/setup.py test

format-check:
	$(SAY) 'format (ruff)'
	@$(BIN)/ruff format --check --diff --quiet . && echo 'every file is formatted'

lint:
	$(SAY) 'lint (ruff)'
	@$(BIN)/ruff check --quiet . && echo 'no findings'

types:
	$(SAY) 'types (mypy --strict)'
	@$(BIN)/mypy $(PACKAGES) tests

imports:
	$(SAY) 'imports (import-linter)'
	@$(BIN)/lint-imports --no-logo

policy-check:
	$(SAY) 'policies: gates'
	@$(BIN)/doorless policy check

policy-test:
	$(SAY) 'policies: tests'
	@$(BIN)/doorless policy test

pytest:
	$(SAY) 'tests (pytest)'
	@folder=$$(mktemp -d /tmp/dl-XXXX) && trap 'rm -rf "$$folder"' EXIT && \
		$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --basetemp="$$folder/t"

# $(call LOCK,options,name,source): every wheel and source archive of every platform gets its hash; no index is named.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	$(if $(UPGRADE),--upgrade) $(3) $(1) --output-file requirements/$(2).txt
