# What a person types. Everything is installed into .venv from the lock file; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types imports coverage fuzz sbom audit release bundle lock clean

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

# In stages: scenarios time their own packets, and more of them at once than two cores carry would see a bad network.
# So do the tests of the wire itself: those come before the scenarios fill the machine.
test: $(STAMP) ## all tests; the wire lab runs where this machine allows network namespaces
	$(BIN)/python -m pytest -q -n 4 -m "not slow and not wire"
	$(BIN)/python -m pytest -q -n 3 -m "slow and not wire"
	$(BIN)/python -m pytest -q -n 3 -m wire --ignore=tests/wire/test_wire_scenarios.py
	$(BIN)/python -m pytest -q -n 4 tests/wire/test_wire_scenarios.py

check: $(STAMP) format lint types imports test ## what every commit passes

format: $(STAMP) ## is it formatted?
	$(BIN)/ruff format --check src tests benchmarks tools

lint: $(STAMP) ## does the linter agree?
	$(BIN)/ruff check src tests benchmarks tools

types: $(STAMP) ## does mypy agree, on Windows and macOS too?
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 src
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin src

imports: $(STAMP) ## who imports whom?
	$(BIN)/lint-imports

coverage: $(STAMP) ## branch coverage of judging, planning and keeping, which is complete
	$(BIN)/python -m coverage run --branch --source=src/probe/judge,src/probe/plan,src/probe/store -m pytest -q tests/unit tests/cases tests/property
	$(BIN)/python -m coverage report --include='src/probe/judge/*,src/probe/plan/*,src/probe/store/*' --skip-covered --show-missing --fail-under=100

sbom: $(STAMP) ## what the program and its extras are made of, as CycloneDX, into dist/; the same bytes each time, no network
	@mkdir -p dist
	$(BIN)/python -m tools.sbom --extras -o dist/sbom.cdx.json

# A place of its own: what asks about the libraries is none of them.
audit: $(STAMP) ## known flaws of every library in the locks; asks a public database, without it ends with 3
	@test -x $(VENV)/audit/bin/python || $(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.lock
	$(BIN)/python -m tools.audit requirements/core.lock requirements/dev.lock requirements/bundle.lock

release: $(STAMP) ## wheel, source archive, SBOM and SHA256SUMS of the last commit in dist/, built twice: same bytes
	$(BIN)/python -m tools.release

bundle: $(STAMP) ## a folder for volunteers that runs without Python, for this platform, packed in dist/ and tried
	$(BIN)/python -m tools.bundle

INPUTS ?= 100000
fuzz: $(STAMP) ## random bytes for everything that reads what others wrote: make fuzz INPUTS=1000000
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.lock
	$(BIN)/python tests/fuzz/run.py all --inputs $(INPUTS)

lock: ## resolve the dependencies again, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/core.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group dev requirements/build.in -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group pyproject.toml:fuzz -o requirements/fuzz.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group pyproject.toml:audit -o requirements/audit.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --extra asn --extra quic --group bundle -c requirements/core.lock -o requirements/bundle.lock

clean: ## forget the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
