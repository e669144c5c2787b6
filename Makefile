# Two commands for newcomers: `make demo`, then `make test`. Everything is installed into .venv/ from the lock file.
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= .argosy
ARGS ?=
BIN := .venv/bin

INSTALLED := .venv/installed
CONSOLE := web/.web/console-built

# The tests start hundreds of processes; without compiled modules each would compile the program again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check format bench console image lock clean

demo: $(INSTALLED) $(CONSOLE)
	exec $(BIN)/argosy demo --port $(PORT) --data-dir $(DATA_DIR) $(ARGS)

test: $(INSTALLED) $(CONSOLE)
	$(BIN)/pytest -n 5 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) $(CONSOLE)
	$(BIN)/python -m tests.bench $(ARGS)

console: $(CONSOLE)

image:
	docker build --tag argosy .

# Resolves the newest versions that pyproject.toml allows. The lock names packages and hashes, never a registry.
lock: $(INSTALLED)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf .venv web/.web .argosy

$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Argosy needs Python 3.11 or newer; say which with PYTHON=python3.x" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(CONSOLE): $(INSTALLED) $(shell find web -name .web -prune -o -name node_modules -prune -o -type f \( -name '*.py' -o -name '*.jsx' -o -name '*.js' -o -name '*.css' -o -name '*.graphql' \) -print 2>/dev/null)
	$(BIN)/python -m web.build
	@mkdir -p $(@D) && touch $@
