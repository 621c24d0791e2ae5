# Totem. `make run` shows the building at work, `make test` proves it; both install what they need.
# Stamps in the virtual environment remember which lock file it holds, so a second run installs nothing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Tests start Totem's programs over and over: each module is compiled once, also where Python is told to keep nothing.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PARTS := PYTHON="$(PYTHON)" tests/parts.sh
# Half as many again as there are cores: tests wait for pcscd, brokers, databases and browsers a third of their time.
WORKERS ?= $(shell echo $$(($(shell nproc) * 3 / 2)))
# What somebody waits for at a door or a screen. Left to be asked for by name: city takes gigabytes, and analysis,
# ingest, occupancy and replay measure work that nobody waits for at a door.
BENCHES ?= decide tap door fanout authorize load hostile outage journal rights propagate start
FUZZED ?= parsers stranger tampered card chip desk site
SECONDS ?= 300
ARGS ?=

DEVICES := pcsc nfc osdp gpio uhppote pkcs11

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header pyproject.toml

.PHONY: help run test check format fuzz soak bench bench-long wheel sbom lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## install what is needed and run KM0 in emulation (ARGS="--port 9000" passes options on)
	@exec $(BIN)/totem run $(ARGS)

test: $(VENV)/.all ## install what is needed, Debian packages too, and run every test (ARGS="-k door")
	@$(PARTS) real
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup $(ARGS)

check: $(VENV)/.all ## format, lint, types, import contracts, lock files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@! grep -nE '://|^-|index' requirements/*.txt || { echo 'requirements: an index address in a lock file' >&2; exit 1; }

format: $(VENV)/.all ## write the code as `make check` wants to read it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

fuzz: $(VENV)/.all ## fuzz card protocols and the loader by coverage (SECONDS=300 a target, FUZZED="stranger" chooses; corpus in build/)
	@for target in $(FUZZED); do mkdir -p build/corpus/$$target; \
		$(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) -max_len=600 -print_final_stats=1 \
			-artifact_prefix=build/ build/corpus/$$target; done

soak: $(VENV)/.all ## run the long campaigns: the tests that have larger numbers, with those
	@SOAK=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --timeout 0 -m soak $(ARGS)

bench: $(VENV)/.run ## run the benches of what a person or a door waits for (BENCHES="city" chooses: `totem bench --help` lists all)
	@for bench in $(BENCHES); do $(BIN)/totem bench $$bench --json $(ARGS); done

bench-long: $(VENV)/.run ## run ten minutes of taps as they come while the office works (and as long of the yardstick and of a rush)
	@$(BIN)/totem bench load --json --seconds 1800

wheel: $(VENV)/.run ## build the wheel into dist/
	@$(BIN)/python -m hatchling build --target wheel

sbom: build/sbom/.made ## write what a door computer and a server consist of (CycloneDX) into build/sbom/
	@for role in edge run; do build/sbom/venv/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file build/sbom/totem-$$role.cdx.json \
		requirements/$$role.txt; done
	@ls build/sbom/*.json

build/sbom/.made: requirements/sbom.txt
	@$(PARTS) venv
	@$(PYTHON) -m venv --clear build/sbom/venv
	@build/sbom/venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

lock: ## write the lock files again, keeping the versions they hold (ARGS=--upgrade moves them; needs uv)
	@$(COMPILE) $(ARGS) --output-file requirements/all.txt --all-extras --group dev
	@$(COMPILE) $(ARGS) --output-file requirements/run.txt --extra server --group editable
	@$(COMPILE) $(ARGS) --group editable --output-file requirements/edge.txt
	@for extra in $(DEVICES); do $(COMPILE) --constraint requirements/all.txt --extra $$extra --group editable \
		--output-file requirements/$$extra.txt; done
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group pyproject.toml:sbom $(ARGS) --output-file requirements/sbom.txt

clean: ## remove the virtual environment, the caches and what was built
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.made:
	@$(PARTS) venv
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	@echo 'installing requirements/run.txt: a minute or so, once' >&2
	@$(PIP) install --use-pep517 --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.all: $(VENV)/.run requirements/all.txt
	@$(PARTS) build
	@echo 'installing requirements/all.txt: a minute or so, once' >&2
	@$(PIP) install --use-pep517 --require-hashes --requirement requirements/all.txt
	@touch $@
