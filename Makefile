# `make demo` and `make test` do all the set-up themselves, in .venv; both need Python >= 3.11 and a C++ compiler.
PYTHON ?= python3
# What `make test` installs besides the package: extras, and versions to hold on to.
EXTRAS ?= test
PINS ?=

BIN := .venv/bin
SOURCES := pyproject.toml LICENSE $(wildcard README.md CMakeLists.txt) \
	$(shell find src -type f -not -path '*/__pycache__/*' -not -path '*.egg-info/*')

.PHONY: demo test recipes bench clean
.DELETE_ON_ERROR:

demo: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

test: .venv/installed-$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

# Trains for many minutes. Every recipe is run, and the status tells whether all of them reached their bars.
recipes: .venv/installed
	status=0; for recipe in recipes/*.toml; do $(BIN)/throughtime reproduce $$recipe || status=1; done; exit $$status

# Measures for about an hour, then writes the tables of docs/kernels.md. The status tells whether all bars were reached.
bench: .venv/installed-benchmarks
	status=0; $(BIN)/python -m benchmarks || status=1; \
	$(BIN)/python -m benchmarks.kernels.summary || status=1; exit $$status

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv .venv

# The package is installed as a user would get it, not in place, so that the tests see what is in the wheel.
.venv/installed: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet .
	touch $@

.venv/installed-%: $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet ".[$*]" $(PINS)
	touch $@ .venv/installed
