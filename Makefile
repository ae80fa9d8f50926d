# Signalbox.  `make run` serves, `make test` tests; each does its own set-up, once.

VENV   := .venv
PYTHON := $(VENV)/bin/python
PIP    := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes

# Stamps: each says that a part of the set-up is done for the file that it depends on.
PACKAGES     := $(VENV)/.packages
DEV_PACKAGES := $(VENV)/.dev-packages
BROWSER_LIBS := static/vendor/VENDOR.json
TEST_TOOLS   := $(VENV)/.test-tools

# Workers of the test run, and what else to say to pytest: make test ARGS="-k pnl"
JOBS ?= 2
ARGS ?=
# Kills of the crash test, the seed of their times, and a file for the result: make crash KILLS=200 SEED=1
KILLS ?= 64
SEED ?=
REPORT ?=

# A machine that keeps no compiled modules would compile those of the tests anew for each run and worker, for ten seconds.
test faults sweep coverage crash: export PYTHONDONTWRITEBYTECODE =
# Files are handed to the workers in the order of their names, so that no file of one long test is the last.
BY_FILE := --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup run demo setup-test test faults sweep coverage crash check format bench lock

help: ## Say what each target does.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do printf '%-18s %s\n' "$$target" "$$text"; done

setup: $(PACKAGES) $(BROWSER_LIBS) ## Make the environment, install the pinned packages, fetch the browser libraries.

run: setup ## Set up what is missing, then serve on HOST and PORT (127.0.0.1:5000), data under DATA_DIR (./data).
	@$(PYTHON) -m app serve

demo: setup ## Serve with two accounts, five strategies and a synthetic market, so that everything moves.
	@$(PYTHON) -m app demo

setup-test: setup $(TEST_TOOLS) ## Set up what the tests need: development packages, and Chromium, PostgreSQL and mono where they may be installed.

test: setup-test ## Run the suite on two cores; ARGS="-k pnl" for a part of it.
	$(PYTHON) -m pytest -n $(JOBS) $(BY_FILE) -m "not hardship and not sweep" $(ARGS)

faults: setup-test ## Take databases, disks and lives away from real servers: the tests that need minutes for it.
	$(PYTHON) -m pytest -n $(JOBS) --dist load -m hardship $(ARGS)

sweep: setup-test ## Open every page in both themes and on a phone: nothing that axe finds, nothing cut off.
	$(PYTHON) -m pytest -n $(JOBS) --dist load -m sweep $(ARGS)

coverage: setup-test ## Run the suite with branch coverage and show what no test reaches.
	$(PYTHON) -m pytest -n $(JOBS) $(BY_FILE) --cov --cov-report=term $(ARGS)

crash: setup-test ## Kill a real server at every point of the crash matrix and at random; KILLS=200 for more, SEED=1 to repeat, REPORT=FILE to keep.
	KILLS=$(KILLS) SEED=$(SEED) REPORT=$(REPORT) $(PYTHON) -m pytest -v -s tests/crash/all_points.py $(ARGS)

check: setup $(DEV_PACKAGES) ## Check style, format, types, layers and the sums of the browser libraries.
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) scripts/vendor.py --check

format: setup $(DEV_PACKAGES) ## Format the code, mend what the linter can, write .env.example and the holidays again.
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix
	$(PYTHON) scripts/env_example.py
	$(PYTHON) scripts/holidays.py

bench: setup ## Measure intake, execution and the P&L tick, beside the bare floor.
	$(PYTHON) -m bench

lock: $(DEV_PACKAGES) ## Compile the requirements*.in files again; then commit the requirements*.txt files.
	export UV_CUSTOM_COMPILE_COMMAND="make lock" LOCK="$(VENV)/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --no-config -q"; \
	$$LOCK requirements.in -o requirements.txt && \
	$$LOCK requirements-dev.in -c requirements.txt -o requirements-dev.txt && \
	$$LOCK requirements-node.in -o requirements-node.txt

$(PYTHON):
	@sh scripts/environment.sh

$(PACKAGES): requirements.txt | $(PYTHON)
	@echo "Installing the packages; this takes about a minute, once."
	@$(PIP) -r requirements.txt
	@touch $@

$(BROWSER_LIBS): package-lock.json scripts/vendor.py | $(PACKAGES)
	@$(PYTHON) scripts/vendor.py

$(DEV_PACKAGES): requirements-dev.txt | $(PACKAGES)
	@echo "Installing the development packages; this takes about a minute, once."
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(TEST_TOOLS): scripts/browser.sh scripts/postgres.sh scripts/mono.sh | $(DEV_PACKAGES)
	@sh scripts/browser.sh
	@sh scripts/postgres.sh
	@sh scripts/mono.sh
	@touch $@
