# Everything a person or CI does here. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 5006
ARGS ?=

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

# Stamps: a target is done again when what it was made from has changed.

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv || { .ci/venv && $(PYTHON) -m venv --clear .venv; }

.venv/.run: $(BIN)/pip pyproject.toml constraints.txt
	@echo "Installing the workbench into .venv"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable . --constraint constraints.txt
	@touch $@

.venv/.setup: $(BIN)/pip pyproject.toml constraints.txt
	@echo "Installing the workbench and what its tests need into .venv"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]' --constraint constraints.txt
	@touch $@ .venv/.run

.PHONY: setup parts lock
setup: .venv/.setup ## make .venv with the locked versions of everything

parts: .venv/.setup ## install Chromium, PostgreSQL and LibreOffice where they are absent
	@.ci/parts

lock: .venv/.setup ## write the versions now in .venv into constraints.txt
	@$(BIN)/pip freeze --exclude-editable > constraints.txt

.PHONY: run lab
run lab: export WORKBENCH_CONFIG ?= $(CURDIR)/data/workbench.toml
run: .venv/.run ## set up, load the demo company, serve the dashboards (PORT=5006)
	@$(BIN)/workbench init
	@$(BIN)/workbench load --if-changed
	@$(BIN)/workbench user add --from data/users.csv
	@printf '\nDemo logins\n'
	@awk -F, '{printf "  %-12s %-16s %s\n", $$1, $$2, $$4}' data/users.csv
	@$(BIN)/workbench serve --port $(PORT)

lab: export WORKBENCH_DATABASE ?= sqlite:///$(CURDIR)/var/demo.db
lab: export WORKBENCH_USER ?= analyste
lab: .venv/.run ## open JupyterLab on the notebooks, with the demo company (ARGS="--port 8899")
	@$(BIN)/workbench init
	@$(BIN)/workbench load --if-changed
	@$(BIN)/workbench user add --from data/users.csv
	@$(BIN)/jupyter lab notebooks $(ARGS)

.PHONY: test campaigns check bench
test campaigns: export PYTHONDONTWRITEBYTECODE =  # hundreds of processes would compile the same
test: .venv/.setup parts ## run every test (ARGS="-k funnel" for some)
	@$(BIN)/pytest -n 3 --dist loadgroup $(ARGS)

campaigns: .venv/.setup parts ## run the long campaigns: 8 processes x 500 edits, 50 kills each of edits, loads, migrations, 280 random sequences
	@WORKBENCH_CAMPAIGNS=1 $(BIN)/pytest tests/store/test_together.py tests/store/test_killed.py tests/store/test_stateful.py -p no:cacheprovider $(ARGS)

check: .venv/.setup ## run the gates: ruff, mypy, import-linter
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.setup parts ## print work, ours, floor and ratio
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: demo-data docs clean
demo-data: .venv/.setup ## make the demo company's files again: the same bytes
	@$(BIN)/python data/make_demo.py

docs: .venv/.setup ## bring the README's lists of metrics and commands up to date
	@$(BIN)/workbench docs

clean: ## remove caches, build products and the demo's store
	@rm -rf build dist var/demo.db* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -path ./.venv -prune -o -name __pycache__ -print0 | xargs -0 rm -rf
