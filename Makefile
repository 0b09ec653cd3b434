# make demo: sets everything up in .venv and makes sample pictures and a clip clearer.
# make test: sets everything up in .venv and runs the tests.
# make release: builds wheel, source archive, SBOM and sums into dist/, twice, and compares.
# make audit: looks for what is unsafe in the source, and for known vulnerabilities of the packages.
# make docs: builds the documentation as a site, build/site/index.html; fails on a broken link.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test browser check release audit docs clean

demo: .venv/.use
	$(BIN)/python scripts/demo

test: .venv/.dev browser
	$(BIN)/python -m pytest -n auto --dist worksteal

# The web pages are tested in Chromium, which root on Debian gets here. Without it, those tests are skipped and say so.
browser:
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	|| { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -qqy --no-install-recommends chromium; } \
	|| echo "Chromium is not here and cannot be installed: the tests of pages in a browser are skipped"

check: .venv/.dev browser
	scripts/check

release: .venv/.dev
	$(BIN)/python scripts/make_release

audit: .venv/.dev
	$(BIN)/bandit -q -c pyproject.toml -r src
	$(BIN)/pip-audit --skip-editable

docs: .venv/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# With the newest pip: it resolves in less than half the time of Python 3.11's.
.venv/bin/python:
	$(PYTHON) -m venv --upgrade-deps .venv

# The bare install: no PyTorch. scikit-image brings the free sample picture.
.venv/.use: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install -q -c constraints.txt -e . scikit-image
	touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

.venv/.docs: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install -q -c constraints.txt -e '.[docs]'
	touch $@

clean:
	rm -rf .venv demo
