# make run | test | look | up | status | inbox | down | outputs | verify | pictures | soak | hunt | corpus | bench | cost | audit | lint
# make lock | clean     (see README.md)
# Everything is installed into .tools/ and .venv/ of this folder, with locked versions and hashes.
SHELL      := /bin/bash
PYTHON     := $(shell for p in python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && command -v $$p && break; done)
UV         := UV_PYTHON_DOWNLOADS=never UV_CACHE_DIR=.tools/uv-cache .tools/bootstrap/bin/uv --quiet --no-config
READY      := .venv/.ready .tools/sam/.ready .tools/local-aws/.ready
# pip would keep what it fetches in the home folder.
export PIP_CACHE_DIR := $(CURDIR)/.tools/pip-cache
COMPILE     = $(UV) pip compile --universal --python-version 3.13 --generate-hashes --no-annotate --no-header $(UPGRADE)

AWS        ?= aws
STACK      ?= udts-monitor

.DEFAULT_GOAL := help
.PHONY: help run test look soak hunt corpus bench cost audit up status inbox down outputs verify pictures lock lint clean

help:
	@sed -n '1,2s/^# //p' Makefile

run: $(READY)
	@.venv/bin/python -m local.command demo

test: lint $(READY) .tools/scan/.ready .tools/aws-cli/.ready
	@.venv/bin/pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

# What is told of 279 synthetic lives against what is true about them; prints the table of docs/proofs.md.
corpus: .venv/.ready
	@.venv/bin/pytest -m soak -s tests/corpus $(PYTEST_ARGS)

soak: $(READY)
	@.venv/bin/pytest -m soak --numprocesses 2 --dist worksteal $(PYTEST_ARGS)

# `make hunt SECONDS=600 SEED=1`: random lives, a minute of them from a seed of the hour unless told otherwise.
hunt: .venv/.ready
	@.venv/bin/python -m tests.proof.hunt $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

# Known vulnerabilities of everything locked; needs the vulnerability service of the package index.
audit: .venv/.ready .tools/audit/.ready
	@.venv/bin/python -m local.audit

# Figures of docs/performance.md: `make bench NAMES="handler storm" BEFORE=folder-of-an-earlier-version`.
bench: $(READY)
	@.venv/bin/python -m tests.bench $(NAMES) $(if $(BEFORE),--before $(BEFORE))

# `make cost TASKS=100 PERIOD=1 MOVING=0.5`: USD a month; needs nothing but Python.
cost:
	@$(or $(PYTHON),python3.13) -m local.cost $(if $(TASKS),--tasks $(TASKS)) $(if $(PERIOD),--period $(PERIOD)) \
		$(if $(MOVING),--moving $(MOVING))

lint: .venv/.ready
	@.venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet . && .venv/bin/mypy

# Looks at the status page in a browser: pictures in .local/look, and what axe-core finds. Installs no browser.
look: .venv/.ready
	@.venv/bin/python -c 'from local import browser; browser.find()' 2>/dev/null \
		|| { echo "No Chromium was found on this machine: install one (chromium) to look at the page."; exit 1; }
	@.venv/bin/pytest -m 'soak or not soak' tests/look $(PYTEST_ARGS) && echo "The pictures are in .local/look"

up: $(READY)
	@.venv/bin/python -m local.command stack up

status: $(READY)
	@.venv/bin/python -m local.command stack status

# `make inbox LAST=50 TOPIC=alerts`
inbox: $(READY)
	@.venv/bin/python -m local.command stack inbox $(if $(LAST),--last $(LAST)) $(if $(TOPIC),--topic $(TOPIC))

# `make verify STACK=name`: tries a stack in AWS as it is; needs credentials for it.
verify: .venv/.ready
	@.venv/bin/python -m udts_monitor_cli.verify --stack "$(STACK)" $(if $(REGION),--region "$(REGION)")

# Needs no installation: what runs can be ended whatever became of .venv and .tools.
down:
	@$(or $(PYTHON),python3.13) -m local.down

# `make outputs STACK=name`: of a stack in AWS, uncut; needs nothing but the aws command line and its settings.
outputs:
	@set -o pipefail; $(AWS) cloudformation describe-stacks --stack-name "$(STACK)" --output text \
		--query 'sort_by(Stacks[0].Outputs, &OutputKey)[].[OutputKey, OutputValue]' \
		| awk -F '\t' '{ print $$1; print "    " $$2 }'

# What the documents show: what the command line answers, and pictures, which need a chromium on this machine.
pictures: .venv/.ready
	@RECORD=1 .venv/bin/pytest tests/cli/test_ten_questions.py tests/cli/test_doctor.py -k 'each_question or healthy'
	@.venv/bin/python -m tests.messages.pictures

# `make lock UPGRADE=--upgrade` moves every version; without it only what pyproject.toml changed.
lock: .tools/bootstrap/.ready
	@$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	@$(COMPILE) --group layer -c requirements/dev.txt -o layers/udts_monitor/requirements.txt
	@for group in sam local-aws scan audit aws-cli uv; do $(COMPILE) --group $$group -o requirements/$$group.txt || exit 1; done

clean: down
	rm -rf .venv .tools .aws-sam .local .hypothesis .mypy_cache .pytest_cache .ruff_cache

.tools/bootstrap/.ready: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.13 is needed and was not found: install it so that python3.13 is on PATH."; exit 1; }
	@command -v git >/dev/null || { echo "git is needed and was not found: install it."; exit 1; }
	@echo "Setting up (first time only): uv, locked dependencies, the local AWS ..."
	@$(PYTHON) -m venv --clear .tools/bootstrap
	@.tools/bootstrap/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r $< \
		|| { echo "uv could not be installed: pip needs to reach the package index."; exit 1; }
	@touch $@

.venv/.ready: requirements/dev.txt | .tools/bootstrap/.ready
	@$(UV) venv --clear --python .tools/bootstrap/bin/python .venv
	@$(UV) pip install --python .venv --require-hashes -r requirements/dev.txt
	@$(UV) pip install --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

.tools/%/.ready: requirements/%.txt | .tools/bootstrap/.ready
	@$(UV) venv --clear --python .tools/bootstrap/bin/python .tools/$*
	@$(UV) pip install --python .tools/$* --require-hashes -r $<
	@touch $@
