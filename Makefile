# Two commands: `make run` and `make test`. Each sets up what it needs from the locked requirements.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

KILLS  ?= 300

SOAK_MINUTES ?= 60

.PHONY: crash run test check lock bench soak pictures clean

run: .make/runtime
	@exec $(BIN)/python -m portal demo

test: .make/programs .make/dev .make/tools .make/node
	@$(BIN)/python scripts/check.py

check: .make/dev .make/tools .make/node
	@$(BIN)/python scripts/check.py --quick

# Kill a working process KILLS times at random moments; prints kills, exports, lost, doubled, leaked.
crash: .make/dev
	@$(BIN)/python tests/crash/kills.py --kills $(KILLS)

# Every benchmark against its reference, in under 15 minutes; writes the table of bench/README.md.
bench: .make/browser .make/dev
	@$(BIN)/python scripts/bench.py

# Tabs opened and closed for SOAK_MINUTES: does memory stay level?
soak: .make/dev
	@$(BIN)/python bench/load.py churn --seconds $$(( $(SOAK_MINUTES) * 60 ))

pictures: .make/browser .make/dev
	@$(BIN)/python scripts/pictures.py

lock: .make/dev
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra pdf --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -c requirements.txt -o requirements-dev.txt
	@$(BIN)/uv pip compile requirements-tools.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-tools.txt

# pip comes last into a virtual environment: one that was left half-made is made anew.
$(BIN)/pip:
	@$(PYTHON) scripts/check_python.py
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

.make/runtime: requirements.txt | $(BIN)/pip
	@echo "Installing the locked requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@mkdir -p .make && touch $@

.make/dev: requirements-dev.txt requirements.txt | $(BIN)/pip
	@echo "Installing the locked test requirements (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@mkdir -p .make && touch $@ .make/runtime

# moto needs an older python-dateutil than DBOS pins, so the S3 server of the tests lives beside.
.make/tools: requirements-tools.txt | $(BIN)/pip
	@echo "Installing the tests' S3 server (once) ..."
	@$(PYTHON) -m venv --clear .tools || { rm -rf .tools; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.txt
	@mkdir -p .make && touch $@

# prism (a mock made from the contract) and corpora not of our making.
.make/node: tests/tools/package-lock.json | .make/dev
	@echo "Installing the tests' Node tools (once) ..."
	@cd tests/tools && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent
	@mkdir -p .make && touch $@

# Programs the tests drive: found, or installed from Debian's packages; before anything else, for it may need root.
.make/programs: scripts/find_programs.py | $(BIN)/pip
	@$(BIN)/python scripts/find_programs.py
	@mkdir -p .make && touch $@ .make/browser

.make/browser: scripts/find_programs.py | $(BIN)/pip
	@$(BIN)/python scripts/find_programs.py browser
	@mkdir -p .make && touch $@

clean:
	@rm -rf $(VENV) .tools tests/tools/node_modules .make .pytest_cache .mypy_cache .ruff_cache .hypothesis
