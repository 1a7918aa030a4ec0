# Two commands matter: `make run` and `make test`. `make` lists the others.
PYTHON ?= python3
ROUNDS ?= 50
PYTEST ?=

VENV := .venv/bin
FOUND := .venv/gavip/provisioned.env
IN := PATH="$(CURDIR)/$(VENV):$$PATH"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run dev provision lint lint-lab test test-lab test-python image \
	bench-spawn bench-burst bench-memory torture clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  GAVIP_PORT=8010 make run takes another port; docs/howto/run.md tells the rest."

run: ## Set gavip up on this machine and run it (Ctrl-C ends it)
	@exec $(PYTHON) scripts/run.py

dev: ## Make or renew .venv, with everything that development needs
	@$(PYTHON) scripts/dev.py

provision: dev ## Install and start the tests' real parts: Docker, Chromium, a TAP service
	@scripts/provision/all.sh > $(FOUND) || [ "$(CI)" != true ]

lint: | $(VENV)/ruff ## Check the Python: ruff, mypy, the walls between the packages
	$(IN) ruff check .
	$(IN) ruff format --check .
	$(IN) mypy
	cd scripts && $(IN) mypy --config-file ../pyproject.toml -p bootstrap
	$(IN) lint-imports

lint-lab: dev ## Check the TypeScript: eslint, prettier, the types of the API
	cd labextension && $(IN) jlpm lint && $(IN) jlpm api:check

test: dev provision lint lint-lab test-lab test-python ## Run everything (as root on Debian; under 45 minutes on 2 cores)

test-lab: dev ## Run the JupyterLab extension's unit tests
	cd labextension && $(IN) jlpm test

test-python: dev ## Run the Python tests; PYTEST="-k word" chooses some
	@touch $(FOUND); set -a; . ./$(FOUND); set +a; \
	$(IN) python -m pytest $(PYTEST)

image: dev ## Build the Docker image of the sessions
	@$(IN) python scripts/build_image.py

bench-spawn: dev ## Time to a ready server, against the bare spawners
	@mkdir -p $(dir $(FOUND)); touch $(FOUND); set -a; . ./$(FOUND); set +a; \
	$(IN) python -m scripts.bench.spawn

bench-burst: dev ## 500 launches by 100 users at once, through the service
	@$(IN) python -m scripts.bench.burst

bench-memory: dev ## Idle memory of the platform's parts and of a session
	@$(IN) python -m scripts.bench.memory

torture: dev ## Kill parts at random while people ask: ROUNDS=50
	@$(IN) python -m scripts.torture --rounds $(ROUNDS)

clean: ## Delete what was built in the checkout; the state folder stays
	rm -rf .venv build dist labextension/lib labextension/node_modules \
		gavip_server_ext/labextension

$(VENV)/ruff:
	@$(PYTHON) scripts/dev.py
