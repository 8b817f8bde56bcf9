# Everything a contributor runs, by name. `make` alone lists it.

PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help install test slow check types bench

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

install: ## install the checkout with everything the tests need, in the versions that were tested
	$(PYTHON) -m pip install -c constraints.txt -e ".[test]"

test: ## run the tests; those marked slow are skipped
	$(PYTHON) -m pytest -n auto --dist loadfile

slow: ## run every test, full-size training included
	$(PYTHON) -m pytest -n auto --dist loadfile --slow

check: types ## lint, formatting and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

types: ## build the wheel and check the types in it, as a user's mypy sees them: across rooms too
	rm -rf build
	$(PYTHON) -m build --wheel --no-isolation --outdir build/types/wheel .
	$(PYTHON) -m zipfile -e build/types/wheel/*.whl build/types/site
	cd build/types/site && $(PYTHON) -m mypy --strict -p arena

bench: ## run the benchmarks and print their numbers
	@set -e; for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(PYTHON) $$file; done
