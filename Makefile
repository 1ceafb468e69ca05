# The two commands: `make run` and `make test`. Both set everything up in .venv first.
# Nothing is needed but Python 3.11 or newer (with its venv module) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE := out/example

.PHONY: run test check lock benchmark clean
.DEFAULT_GOAL := run

run: $(VENV)/ready
ifdef FILE
	@$(BIN)/retrorun analyze "$(FILE)"
else
	@rm -rf $(EXAMPLE)
	@$(BIN)/retrorun example $(EXAMPLE)
	@$(BIN)/retrorun analyze $(EXAMPLE)
endif

test: $(VENV)/ready check
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "retrorun needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
		"Install a newer one and say: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Resolves the dependencies anew; needs uv (`pip install uv`).
lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --no-header -o requirements.lock

# Slow figures of accuracy and speed, written to benchmarks/results.
benchmark: $(VENV)/ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
