# Every target builds what it needs in .venv; nothing else is touched.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin

.PHONY: install demo overnight test torture check peers bench clean

install: $(STAMP)

$(STAMP): pyproject.toml
	@echo 'Installing into $(VENV): two to four minutes, about 2 GB.'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@# The validator of research objects wants libraries of its own, older than ours.
	$(PYTHON) -m venv $(VENV)/validators
	$(VENV)/validators/bin/python -m pip install --quiet roc-validator==0.13.0
	touch $(STAMP)

demo: install
	$(BIN)/nightbeam run examples/first_light.toml

# Ten hours of a night in minutes: its power fails once, and the same command goes on.
overnight: install
	$(BIN)/nightbeam run examples/overnight.toml || $(BIN)/nightbeam run examples/overnight.toml

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

torture: install
	$(BIN)/python -m tests.torture --kills 1000
	$(BIN)/python -m tests.torture --kills 100 --db postgresql --stops 50
	$(BIN)/python -m tests.protocol
	NIGHTBEAM_EXAMPLES=300 $(BIN)/python -m pytest -q tests/protocol/test_machine.py tests/saxs/test_sums.py

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

# Environments of the programs that the benchmarks stand beside: about 7 GB.
peers: install
	$(BIN)/python -m benchmarks.peers install

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build *.egg-info
