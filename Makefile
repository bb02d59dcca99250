# siaga: everything a stranger needs is `make demo` and `make test`.
# Needs git, make, python3 and python3-venv; everything else is fetched into .venv and .cache of this folder.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test prove setup lint format farends clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## siaga calls a contact centre in a box (no root, no questions, < 3 minutes)
	@sh tools/setup.sh run
	@$(BIN)/siaga demo

test: ## far ends (as root on Debian), linters, types, imports, tests (< 15 minutes)
	@sh tools/setup.sh dev
	@$(BIN)/python -m tests.farends.install
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -q -rfEs -n 3 --dist loadfile

prove: ## the campaigns with numbers; writes docs/proof/*.md (NAME=call, record or listening: < 90 minutes each)
	@sh tools/setup.sh dev
	@$(BIN)/python -m tests.farends.install
	$(BIN)/python -m prove $(NAME)

setup: ## the virtual environment with everything a developer needs
	@sh tools/setup.sh dev

lint: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## let ruff format and repair what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

farends: setup ## install the real programs the tests call (root, Debian)
	@$(BIN)/python -m tests.farends.install

clean: ## forget the virtual environment and the caches of this folder
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build siaga.egg-info
