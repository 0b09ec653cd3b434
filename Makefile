# make demo: sets everything up in .venv and makes sample pictures and a clip clearer.
# make test: sets everything up in .venv and runs the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check clean

demo: .venv/.use
	$(BIN)/python scripts/demo

test: .venv/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal

check: .venv/.dev
	scripts/check

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The bare install: no PyTorch. scikit-image brings the free sample picture.
.venv/.use: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install -q -c constraints.txt -e . scikit-image
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv demo
