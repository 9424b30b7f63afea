# kiral: everything a newcomer or a CI machine needs, from a fresh clone with nothing but Python >= 3.11 and make.
# `make` alone lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := runs/demo

# Compiled JAX programs are kept here, so that a second run or test session starts at once.
export KIRAL_CACHE_DIR ?= $(CURDIR)/.kiral-cache
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export NO_MKDOCS_2_WARNING = 1

WORKERS ?= 2
TESTS   := JAX_PLATFORMS=cpu $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
INSTALL := $(BIN)/python -m pip install --quiet -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint docs docs-check bench clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- installation: once, and again when the requirements change -------------------------------------------------------

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "kiral needs Python 3.11 or newer; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one, for example: make $(or $(MAKECMDGOALS),install) PYTHON=python3.12" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu, install the package python3-venv, then try again." >&2; exit 1; }
	@echo "Installing kiral and its pinned dependencies (a minute or two, once)"
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests and the documentation need (once)"
	@$(INSTALL) -e '.[test,docs]'
	@touch $@

install: $(VENV)/.installed ## Create .venv and install kiral

# --- the first run ----------------------------------------------------------------------------------------------------

demo: $(VENV)/.installed ## Run the case sourced-cpi into runs/demo, or resume it (FRESH=1: start over)
	@if [ "$(FRESH)" = 1 ]; then rm -rf $(DEMO); fi
	@if grep -qs '"status": "finished"' $(DEMO)/status.json; then \
	  if [ ! -f $(DEMO)/report.html ]; then $(BIN)/kiral plot $(DEMO) || exit 1; fi; \
	  echo "$(DEMO) is finished; 'make demo FRESH=1' runs it again."; \
	  echo "pictures: $(DEMO)/figures/"; \
	  echo "page:     $(DEMO)/report.html (open it in a browser)"; \
	elif [ -f $(DEMO)/config.json ]; then \
	  echo "$(DEMO) was interrupted: resuming it."; \
	  $(BIN)/kiral resume $(DEMO); \
	else \
	  $(BIN)/kiral run sourced-cpi --out $(DEMO); \
	fi

# --- tests, documentation, benchmarks ---------------------------------------------------------------------------------

lint: $(VENV)/.installed-test ## Style check
	$(BIN)/ruff check .

docs: $(VENV)/.installed-test ## Regenerate the tables and build the documentation into site/
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --quiet --strict

docs-check: $(VENV)/.installed-test
	$(BIN)/python docs/generate.py --check
	$(BIN)/mkdocs build --quiet --strict

test: lint docs-check ## Style, documentation and the fast tests
	$(TESTS) -m 'not slow' $(ARGS)

test-all: lint docs-check ## The same with the slow tests
	$(TESTS) $(ARGS)

bench: $(VENV)/.installed ## Measure the cost of a step; JSON into benchmarks/results/
	$(BIN)/python benchmarks/mhd.py

clean: ## Remove caches and build products (.venv and runs/ stay)
	rm -rf site build .pytest_cache .ruff_cache .hypothesis .kiral-cache
