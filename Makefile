# Every target sets up what it needs in .venv and node_modules. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(CURDIR)/server/src $(CURDIR)/sdk-python/src
NPM_PACKAGES := server/web-assets sdk-js e2e/clients
HAS_NPM := $(shell command -v npm 2>/dev/null)
PYTEST := $(BIN)/python -m pytest
# Whole files at a time, because the tests of a file share a server; more than two, because most of them wait.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast test-python test-js lint format bench build lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/run.stamp: requirements/server.lock $(VENV)/python.stamp
	@echo "Installing what the server needs into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/server.lock
	@printf '%s\n' $(SOURCES) > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/holdfast-sources.pth"
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock requirements/sdk-tests.lock $(VENV)/run.stamp server/pyproject.toml sdk-python/pyproject.toml
	@echo "Installing the tools for tests and linting into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sdk-tests.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e sdk-python -e server
	@touch $@

%/node_modules/.stamp: %/package-lock.json
	@echo "Installing npm packages of $* (once)"
	@cd $* && npm ci --no-audit --no-fund --silent
	@touch $@

setup: $(VENV)/dev.stamp ## Install everything for development
ifneq ($(HAS_NPM),)
	@$(MAKE) --no-print-directory $(NPM_PACKAGES:%=%/node_modules/.stamp)
endif

run: $(VENV)/run.stamp ## Start the server with a small shop's live demo data
	@$(BIN)/python -m holdfast_server.cli demo

test: setup lint test-python test-js ## Everything: lint, unit, integration, web, end to end, JavaScript

test-fast: $(VENV)/dev.stamp ## Unit tests alone
	@$(PYTEST) server/tests/unit server/tests/architecture sdk-python/tests/unit -q

test-python: $(VENV)/dev.stamp
	@$(PYTEST) -n $(WORKERS) --dist loadfile

ifneq ($(HAS_NPM),)
test-js: $(NPM_PACKAGES:%=%/node_modules/.stamp)
	@cd server/web-assets && npm run --silent check
	@cd sdk-js && node build.mjs --check && npm run --silent build && npm run --silent check && npm test --silent && npm run --silent size && npm run --silent lint:package
	@cd sdk-js && HOLDFAST_PYTHON="$(CURDIR)/$(BIN)/python" npm run --silent test:e2e
else
test-js:
	@echo "LEFT OUT: the JavaScript tests and the freshness of the bundled assets (Node.js is not installed)"
endif

lint: $(VENV)/dev.stamp ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy -p holdfast_server -p holdfast
	@$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## Let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/dev.stamp ## Benchmarks; each prints a ratio measured in one run
	@$(BIN)/python -m bench

build: $(VENV)/dev.stamp ## Wheels of both Python packages, and the bundled assets
ifneq ($(HAS_NPM),)
	@$(MAKE) --no-print-directory $(NPM_PACKAGES:%=%/node_modules/.stamp)
	@cd server/web-assets && npm run --silent build
	@cd sdk-js && npm run --silent build
endif
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist-packages sdk-python
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist-packages server

lock: $(VENV)/python.stamp ## Pin the dependencies anew
	@$(BIN)/python -m pip install --quiet uv
	@for name in server dev sdk-tests; do $(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header requirements/$$name.in -o requirements/$$name.lock; done

clean: ## Remove what was installed and built here, and the demo's data
	@rm -rf $(VENV) $(NPM_PACKAGES:%=%/node_modules) dist-packages .mypy_cache .ruff_cache .pytest_cache .hypothesis data/demo
