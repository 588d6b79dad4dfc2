# Two commands: `make run` and `make test`. Each sets up what it needs from the locked requirements.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test check lock bench pictures clean

run: .make/runtime
	@exec $(BIN)/python -m portal demo

test: .make/dev .make/browser
	@$(BIN)/python scripts/check.py

check: .make/dev
	@$(BIN)/python scripts/check.py --quick

bench: .make/dev
	@$(BIN)/python scripts/bench.py

pictures: .make/dev .make/browser
	@$(BIN)/python scripts/pictures.py

lock: .make/dev
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -c requirements.txt -o requirements-dev.txt

$(BIN)/python:
	@$(PYTHON) scripts/check_python.py
	@$(PYTHON) -m venv $(VENV)

.make/runtime: requirements.txt | $(BIN)/python
	@echo "Installing the locked requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@mkdir -p .make && touch $@

.make/dev: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing the locked test requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@mkdir -p .make && touch $@ .make/runtime

.make/browser: | .make/dev
	@$(BIN)/python scripts/find_browser.py
	@mkdir -p .make && touch $@

clean:
	@rm -rf $(VENV) .make .pytest_cache .mypy_cache .ruff_cache .hypothesis
