# Everything is set up from nothing but Python >= 3.11 and a package index; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.complete
CHECKOV := .build/checkov
GENERATORS := .build/generators
WORKERS ?= logical
PYTHONS ?= 3.11 3.12 3.13 3.14

# An unknown variable is refused, unless its name has an underscore: it may be meant for a program, like AWS_PROFILE.
KNOWN := ARGS COLUMNS DATA FLOWS FRESH HOME LANG PATH PORT PYTHON PYTHONS SHELL TERM TZ WORKERS
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(foreach name,$(filter-out $(KNOWN),$(GIVEN)),$(if $(findstring _,$(name)),,$(name)))
ifneq ($(strip $(UNKNOWN)),)
$(error There is no variable $(strip $(UNKNOWN)): use $(filter ARGS DATA FLOWS FRESH PORT PYTHON PYTHONS WORKERS,$(KNOWN)))
endif

# The targets that read a variable; `deploy` itself refuses FLOWS, and names what it reads instead.
OPERATING := deploy rollback canary restore destroy keys budget redrive recount export import ops plan diff drift
READERS_ARGS := test test-client bench drill explore soak fuzz lock verify-aws $(OPERATING)
READERS_DATA := local
READERS_FLOWS := local deploy
READERS_FRESH := local
READERS_PORT := local
READERS_PYTHONS := test-client
READERS_WORKERS := test test-client
GOALS := $(or $(MAKECMDGOALS),help)
UNREAD := $(foreach name,$(filter $(GIVEN),ARGS DATA FLOWS FRESH PORT PYTHONS WORKERS),\
	$(if $(filter $(GOALS),$(READERS_$(name))),,$(name)))
ifneq ($(strip $(UNREAD)),)
$(error make $(GOALS) does not read $(strip $(UNREAD)): it is for $(sort $(foreach name,$(UNREAD),$(READERS_$(name)))))
endif

# Set on some machines: each process would compile what it imports anew, the CDK in 3.6 s. Most tests start processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lock test test-client bench drill explore soak soak-reactions fuzz check local demo deploy rollback canary restore destroy keys budget redrive recount export import ops plan doctor verify-aws diff drift

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1 \2/' | awk '{ \
		line = sprintf("  make %-12s", $$1); \
		for (word = 2; word <= NF; word++) { \
			if (length(line " " $$word) > 79) { print line; line = sprintf("%19s", "") } \
			line = line " " $$word } \
		print line }'

setup: $(SETUP) ## Set up .venv with everything that is locked; the other targets do it when they need it
	@:

# Behind a proxy with its own certificate authority: pip reads that from a variable of its own.
ifdef SSL_CERT_FILE
export PIP_CERT ?= $(SSL_CERT_FILE)
endif
define UNREACHABLE
The set-up needs a package index; the lines above say what is missing. Behind a proxy, set HTTPS_PROXY. If the proxy
has its own certificate authority, set SSL_CERT_FILE to its certificates, or UV_NATIVE_TLS=1 if the system trusts it.
For an index other than PyPI, set PIP_INDEX_URL and UV_DEFAULT_INDEX.
endef
export UNREACHABLE

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@echo "setting up $(VENV), once: about 20 s, longer on a slow network" >&2
	@echo "  the installer uv ... (about 20 s left)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > $(VENV)/uv.txt
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt \
		&& echo "  $$(grep -c '^[^ ]' requirements.lock) packages of requirements.lock ... (about 10 s left)" >&2 \
		&& $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; } \
		|| { echo "$$UNREACHABLE" >&2; exit 1; }
	@# With the locked hatchling: an isolated build would fetch the newest.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(CHECKOV)/.complete: tests/infra/checkov.lock $(SETUP)
	@$(PYTHON) -m venv $(CHECKOV)
	@$(BIN)/uv pip install --quiet --python $(CHECKOV)/bin/python --require-hashes -r $< \
		|| { echo "$$UNREACHABLE" >&2; exit 1; }
	@touch $@

$(GENERATORS)/.complete: tests/e2e/generated/requirements.lock $(SETUP)
	@$(PYTHON) -m venv $(GENERATORS)
	@$(BIN)/uv pip install --quiet --python $(GENERATORS)/bin/python --require-hashes -r $< \
		|| { echo "$$UNREACHABLE" >&2; exit 1; }
	@touch $@

test: $(SETUP) $(CHECKOV)/.complete $(GENERATORS)/.complete ## Run every test, on every core (ARGS=, WORKERS=0 for one process)
	@$(BIN)/pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

# Each Python that this machine has: on the path, or where pyenv and uv keep theirs.
test-client: $(SETUP) ## Run the client's tests on every Python from 3.11 to 3.14 that is here (PYTHONS="3.13", ARGS=)
	@set -e; for version in $(PYTHONS); do \
		python=$$(PATH="$$(printf '%s:' $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin)$$PATH" \
			$(BIN)/uv python find --no-python-downloads $$version 2>/dev/null) || { echo "there is no Python $$version"; continue; }; \
		venv=.build/python-$$version; echo "Python $$version"; \
		test -x $$venv/bin/python || $(BIN)/uv venv --quiet --python $$python $$venv; \
		$(BIN)/uv pip install --quiet --python $$venv/bin/python --require-hashes -r requirements.lock; \
		$(BIN)/uv pip install --quiet --python $$venv/bin/python --no-deps --no-build-isolation -e .; \
		$$venv/bin/pytest -n $(WORKERS) $(or $(ARGS),tests/client); \
	done

soak: $(SETUP) ## Run 2,000 jobs under kills, faults and cancellations; print a table (ARGS="--jobs 100 --seed 1")
	@$(BIN)/python -m tests.soak $(ARGS)

soak-reactions: $(SETUP) ## Run 200 schedules at each minute and tell 20 endpoints, of which five misbehave (ARGS="--minutes 5")
	@$(BIN)/python -m tests.soak.reactions $(ARGS)

bench: $(SETUP) ## Measure what a job costs and how fast things are; write a table (ARGS="bill")
	@$(BIN)/python -m tests.bench $(ARGS)

drill: $(SETUP) ## Make ten faults here, see their alarms raised, mend them by the runbook (ARGS="--only sweep")
	@$(BIN)/python -m tests.drill $(ARGS)

explore: $(SETUP) ## Run a million schedules of the real code on a model of AWS (ARGS="--scenario everything --seed 1 --number 7")
	@$(BIN)/python -m tests.model.explore $(ARGS)

fuzz: $(SETUP) ## Send 5,000 requests that the API's document allows or forbids, 500 expensive ones, and bytes to its parsers (ARGS="api --seed 1")
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: $(SETUP) ## Check format, lint, types and import contracts, without running code
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@PYRIGHT_PYTHON_GLOBAL_NODE=off PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
	@$(BIN)/lint-imports

lock: ## Bring every lock up to date with pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--group dev --extra deploy --extra opentelemetry pyproject.toml -o requirements.lock $(ARGS)
	@for group in aws functions worker engine identity image runtime zones; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-emit-index-url --constraints requirements.lock --group pyproject.toml:$$group \
			-o infra/noukai_infra/bundle/locked/$$group.txt || exit 1; \
	done
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--group pyproject.toml:checkov -o tests/infra/checkov.lock $(ARGS)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--group pyproject.toml:generators -o tests/e2e/generated/requirements.lock $(ARGS)

local: $(SETUP) ## Run the system on http://localhost:8080 until Ctrl-C (PORT=, FLOWS=, FRESH=1)
	@$(BIN)/python -m noukai_infra.local

demo: $(SETUP) ## Run the system here, submit a text, show its progress and result, stop
	@$(BIN)/python -m noukai_infra.local.demo

deploy: $(SETUP) ## Deploy to the configured AWS account and region; print the endpoint and a first key
	@$(BIN)/python -m noukai_infra deploy $(ARGS)

diff: $(SETUP) ## Show what a deploy would change, and change nothing
	@$(BIN)/python -m noukai_infra diff $(ARGS)

drift: $(SETUP) ## Show what was changed on AWS beside the template
	@$(BIN)/python -m noukai_infra drift $(ARGS)

rollback: $(SETUP) ## Return the functions to the versions before the last deploy, in seconds
	@$(BIN)/python -m noukai_infra rollback $(ARGS)

doctor: $(SETUP) ## Check this machine, the settings, the account and the stack
	@$(BIN)/noukai doctor $(ARGS)

canary: $(SETUP) ## Show, promote or abort the canary of the workers: make canary ARGS=promote
	@$(BIN)/python -m noukai_infra canary $(ARGS)

restore: $(SETUP) ## Return the tables to a point in time: make restore ARGS="--to 2026-11-28T12:00Z"
	@$(BIN)/python -m noukai_infra restore $(ARGS)

destroy: $(SETUP) ## Delete the deployment
	@$(BIN)/python -m noukai_infra destroy $(ARGS)

keys: $(SETUP) ## Make, list or revoke keys of a deployment: make keys ARGS="create --org acme my-key"
	@$(BIN)/python -m noukai_infra keys $(ARGS)

budget: $(SETUP) ## Set, list or clear the monthly budgets of orgs: make budget ARGS="set --org acme --jobs 10000"
	@$(BIN)/python -m noukai_infra budget $(ARGS)

redrive: $(SETUP) ## Send the unprocessed dead-letter messages to their reader again
	@$(BIN)/python -m noukai_infra redrive $(ARGS)

ops: $(SETUP) ## Show the system's health, its queues, dead-letter messages and logs: make ops ARGS=queues
	@$(BIN)/python -m noukai_infra ops $(ARGS)

recount: $(SETUP) ## Count the usage that could not be counted in time, exactly once
	@$(BIN)/python -m noukai_infra recount $(ARGS)

export: $(SETUP) ## Write each job of a deployment as a line of JSON: make export ARGS="--file jobs.jsonl --org acme"
	@$(BIN)/python -m noukai_infra export $(ARGS)

import: $(SETUP) ## Put the jobs of an export into a deployment: make import ARGS="--file jobs.jsonl"
	@$(BIN)/python -m noukai_infra import $(ARGS)

plan: $(SETUP) ## Print settings, quotas and the bill of a load: make plan ARGS="--jobs-per-second 1000"
	@$(BIN)/python -m noukai_infra plan $(ARGS)

verify-aws: $(SETUP) ## Test on a deployment what this machine cannot show; write a report (ARGS="-k stream")
	@$(BIN)/python -m noukai_infra verify $(ARGS)
