# `make demo` and `make test` need python3 (3.11 or newer, with venv) and PyPI, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint check coverage
.DEFAULT_GOAL := demo

demo: $(VENV)/installed
	$(BIN)/sftp-sync demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow" -n auto --dist=loadgroup

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# All that CI does, in this checkout's own environment.
check: lint
	$(BIN)/python -m pytest -n 3 --dist=loadgroup --timeout=900

# Which lines and branches no test has seen.
coverage: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist=loadgroup --timeout=900 --cov --cov-report=term:skip-covered

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
