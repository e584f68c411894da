# What a person types. Everything is installed into .venv from the lock file; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types imports unit wire lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/'

$(STAMP): pyproject.toml requirements/core.lock requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "probe needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: $(STAMP) ## measure the built-in lab: every state, no network needed
	$(BIN)/probe demo

test: $(STAMP) ## all tests; the wire lab runs where this machine allows network namespaces
	$(BIN)/python -m pytest -q -n 4

check: $(STAMP) format lint types imports test ## what every commit passes

format: $(STAMP) ## is it formatted?
	$(BIN)/ruff format --check src tests benchmarks

lint: $(STAMP) ## does the linter agree?
	$(BIN)/ruff check src tests benchmarks

types: $(STAMP) ## does mypy agree?
	$(BIN)/mypy

imports: $(STAMP) ## who imports whom?
	$(BIN)/lint-imports

lock: ## resolve the dependencies again, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/core.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group dev requirements/build.in -o requirements/dev.lock

clean: ## forget the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
