# `make` alone lists what there is. PYTHON=/path/to/python chooses the interpreter of the environment.
.DEFAULT_GOAL := help
.PHONY: help run token test check apps format bench package deploy diff reseal teardown replay screenshots lock clean environment rehearsal chromium

export PORT
PY := .venv/bin/python
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: environment ## Run everything on this machine (PORT=8000)
	@$(PY) -m local.run

token: environment ## Print an API token for the local run
	@$(PY) -m local.token

test: chromium rehearsal check ## All checks and tests, with branch coverage
	@$(PY) -m slipcover -m pytest -n auto --dist worksteal

check: environment ## Lint, formatting, types, and the rows of the catalogue
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy
	@$(PY) -m local.catalogue check

apps: environment ## Write docs/apps.md, after a change of the catalogue
	@$(PY) -m local.catalogue page

format: environment ## Put the code into shape
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

bench: rehearsal ## Measure what the product costs, and let ninety days pass (PART=soak for one part)
	@$(PY) -m benchmarks $(PART)

package: environment ## Build what is deployed: build/deployment.zip and build/template.json
	@$(PY) -m deploy package

deploy: environment ## Create or update a stack (STAGE=production)
	@$(PY) -m deploy up "$(STAGE)"

diff: environment ## Show what a deploy would change (STAGE=production)
	@$(PY) -m deploy diff "$(STAGE)"

reseal: environment ## Seal everything under the stage's present KMS key (STAGE=production); docs/operating.md, Rotating keys
	@$(PY) -m deploy reseal "$(STAGE)"

teardown: environment ## Delete a stack and keep its data (STAGE=production, DATA=delete-production to lose it)
	@$(PY) -m deploy teardown "$(STAGE)" $(if $(DATA),--data "$(DATA)")

replay: environment ## Post an entity's events to its webhooks once more (STAGE=production ENTITY=acme SINCE=2026-11-01)
	@$(PY) -m deploy replay "$(STAGE)" --entity "$(ENTITY)" --since "$(SINCE)"

screenshots: environment chromium ## Picture every page and letter
	@$(PY) -m local.preview --screenshots

lock: environment ## Write down every version of the environment, after a change of requirements
	@sed -n '/^#/p' requirements-lock.txt > .venv/lock
	@$(PY) -m pip --disable-pip-version-check freeze -qq >> .venv/lock
	@cp .venv/lock requirements-lock.txt

# Where the packaged stack is rehearsed; the same Python as the package's.
rehearsal: environment
	@$(PY) -P local/environment.py "$$($(PY) -V) $$(cat requirements-rehearsal.txt requirements-rehearsal-lock.txt | cksum)" rehearsal

clean: ## Remove what make, the tests and packaging made
	rm -rf .venv .venv-rehearsal .local .mypy_cache .pytest_cache .ruff_cache .hypothesis build .chalice/deployments
	find app.py chalicelib deploy local tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

environment:
	@PYTHON="$(PYTHON)" sh local/setup.sh

# A suite that quietly skipped the browser would say less than it seems to.
chromium:
	@test -x "$(CHROMIUM)" || { echo "The browser tests need Chromium: apt-get install chromium, or set CHROMIUM=/path/to/chrome." >&2; exit 1; }
