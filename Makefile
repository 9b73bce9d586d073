# `make demo` and `make test` need python3 (3.11 or newer, with venv) and PyPI, nothing else.

PYTHON ?= python3
# Most tests wait for a process or a server: four workers for each core keep it busy.
WORKERS := $(shell echo $$((4 * $$(getconf _NPROCESSORS_ONLN))))
VENV := .venv
BIN := $(VENV)/bin

# The tests start hundreds of processes: without its compiled modules each takes a second longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint check coverage mutants lock sbom
.DEFAULT_GOAL := demo

demo: $(VENV)/installed
	$(BIN)/sftp-sync demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow and not thorough" -n $(WORKERS) --dist=loadgroup

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# All that CI does, in this checkout's own environment, but for the pass on another day.
check: lint
	EVERY_EXAMPLE=1 $(BIN)/python -m pytest -n 4 --dist=loadgroup --timeout=900

# Which lines and branches no test has seen.
coverage: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist=loadgroup --timeout=900 --cov --cov-report=term:skip-covered

# The pinned versions and hashes for production. Only this changes them: a release on PyPI does not.
lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile pyproject.toml --extra postgres --universal --python-version 3.11 \
		--upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url \
		--no-emit-find-links --quiet --output-file requirements.new
	{ head -n 2 requirements.lock; cat requirements.new; } > requirements.joined
	mv requirements.joined requirements.lock
	rm requirements.new

# What production is made of, read off an environment made from the lock alone: CycloneDX JSON.
sbom: $(VENV)/installed-dev
	rm -rf build/production
	$(PYTHON) -m venv build/production
	build/production/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements.lock
	build/production/bin/python -m pip install --quiet --disable-pip-version-check --no-deps .
	build/production/bin/python -m pip check
	build/production/bin/sftp-sync --help > build/help.txt
	mkdir -p dist
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-file dist/sftp-sync.cdx.json build/production/bin/python

# Which faults no test notices: so many are put in, one at a time, each time others (COUNT=20
# AREAS="phones tables" SEED=7). The first run records which test runs what, and takes long.
mutants: $(VENV)/installed-dev
	$(BIN)/python -m tests.mutation --count $(or $(COUNT),200) \
		$(if $(SEED),--seed $(SEED)) $(foreach area,$(AREAS),--area $(area))

# Editable: a change in the code needs no new installation, a change in pyproject.toml makes one.
$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "sftp-sync needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
