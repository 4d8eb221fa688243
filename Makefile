# Everything that a newcomer types. Python >= 3.11 and make are all it needs.
.PHONY: sweep test check format chaos docs docs-links pictures

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests that run side by side; with more, those that start a cluster get too little of a small machine.
# In the order of the files: the longest ones come early, so that no one is left alone with them at the end.
TESTERS ?= 2
# Sweeps run on one thread a worker; the workers are what runs side by side.
export OMP_NUM_THREADS ?= 1

# An empty file that is newer than pyproject.toml says: installed as the project now asks.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("memsweep needs Python >= 3.11, but $(PYTHON) is " + sys.version.split()[0] + "; run make with PYTHON=python3.12, say.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

sweep: $(VENV)/installed ## the main job, on real data: 200 configurations
	@if [ -e .memsweep/sweeps/digits ]; then $(BIN)/memsweep resume digits; else $(BIN)/memsweep run examples/digits.yaml; fi

test: $(VENV)/installed ## all tests
	$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/installed ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

chaos: $(VENV)/installed ## random schedules of kills: driver, actors, nodes, MLflow, PostgreSQL, full disks
	$(BIN)/python -m tests.chaos --schedules 200

docs: $(VENV)/installed ## the documentation, into build/docs
	$(BIN)/python -m sphinx -W -n -q -b html -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

docs-links: $(VENV)/installed ## asks for every link to elsewhere; needs a network
	$(BIN)/python -m sphinx -q -b linkcheck -d build/doctrees docs build/links

pictures: $(VENV)/installed ## every picture of the documentation, from real runs and a real browser
	$(BIN)/python -m docs.pictures
