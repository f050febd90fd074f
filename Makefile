# VitalMint: `make run` and `make test` do everything on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV := .venv
CHAIN := .venv-chain
CGM ?=
ZONE ?=
JOBS ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup run stop test test-python test-contracts check bench slither clean

help: ## Show what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(VENV)/.ready $(CHAIN)/.ready scripts/devnet/node_modules/.ready ## Install the service, the contract tools and the local network

$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "» the service's Python environment ($(VENV))"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --upgrade pip
	@$(VENV)/bin/python -m pip install --progress-bar off -c constraints.txt --config-settings editable_mode=compat --group dev -e '.[ml,privacy,sdv,cluster]' | { grep -E '^(Collecting|Successfully)' || true; } | cut -c1-100
	@$(VENV)/bin/python -c "import fastapi, web3, sqlmodel, ipfshttpclient, pytest, torch, backend, ml"
	@touch $@

$(CHAIN)/.ready: pyproject.toml
	@echo "» Brownie, in an environment of its own ($(CHAIN))"
	@test -x $(CHAIN)/bin/python || $(PYTHON) -m venv $(CHAIN)
	@$(CHAIN)/bin/python -m pip install --quiet --upgrade pip
	@$(CHAIN)/bin/python -m pip install --progress-bar off --group chain-dev | { grep -E '^(Collecting|Successfully)' || true; } | cut -c1-100
	@$(CHAIN)/bin/python -c "import brownie"
	@touch $@

scripts/devnet/node_modules/.ready: scripts/devnet/package-lock.json scripts/devnet/package.json | $(VENV)/.ready
	@echo "» Ganache, the Solidity compiler, OpenZeppelin and an IPFS node (npm, about 1,000 packages)"
	@$(VENV)/bin/python -m scripts.devnet install
	@touch $@

run: setup ## Start everything, contribute CGM files, audit, tamper, and stay up (CGM=file.csv ZONE=Europe/London for your own)
	@$(VENV)/bin/python -m scripts.run $(if $(CGM),--cgm "$(CGM)") $(if $(ZONE),--zone "$(ZONE)")

stop: ## Stop what `make run` left up
	@$(VENV)/bin/python -m scripts.run --stop

test: setup check ## Run every check and every test
	@$(MAKE) --no-print-directory -j2 test-contracts test-python

check: setup ## Ruff, mypy, import rules, and drift of ABIs, deployed code and OpenAPI
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy backend
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m scripts.export_abi --check
	$(PYTHON) scripts/brownie.py compile
	$(VENV)/bin/python -m scripts.export_code --check
	$(VENV)/bin/python -m scripts.export_openapi --check

test-contracts: setup ## The contracts on Ganache, with Brownie
	$(PYTHON) scripts/brownie.py test

test-python: setup ## The service, ml and the journeys, with pytest (JOBS at a time: each has a chain and an IPFS node)
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile

bench: setup ## Ratios against baselines of the same run
	$(VENV)/bin/python -m benchmarks

slither: setup ## Static analysis of the contracts
	$(PYTHON) -m scripts.slither

clean: stop ## Remove what was built and every local datum
	rm -rf .run .devnet build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
