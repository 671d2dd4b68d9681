# `make run` shows the demo, `make test` proves the project. Both set up .venv by themselves; see tools/.
PYTHON ?= python3
PORT ?= 8080
ARGS ?=

VENV := PYTHON='$(PYTHON)' sh tools/venv.sh
COMPILE := .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 --custom-compile-command "make lock" $(ARGS)

COVERING := tests/unit tests/vectors tests/contract/test_replay_guard.py tests/contract/test_replay_guard_faults.py \
	tests/contract/key_sets/test_key_sets_attacked.py \
	tests/scenarios/test_launch.py tests/scenarios/test_tokens_that_we_sign.py tests/scenarios/test_introspection.py \
	tests/scenarios/test_client_assertions.py tests/scenarios/test_client_assertions_of_services.py

.PHONY: help run test test-long coverage fuzz mutate check sabotage bench bench-quick bench-growth bench-flood scale secrets \
	stack docs lock clean distclean
.DEFAULT_GOAL := help

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: ## start the demo on http://127.0.0.1:8080 (PORT=9090 for another port)
	@$(VENV) run
	@exec .venv/bin/sso serve demo --port $(PORT)

test: ## run the tests on a real Redis, PostgreSQL and Chromium (ARGS="-k name" for some)
	@sh tools/node.sh bruno examples/typescript tests/openid_provider tests/browser & node=$$!; $(VENV) dev; venv=$$?; wait $$node && exit $$venv
	@[ -n "$${TEST_CHROMIUM:-}" ] || sh tools/debian.sh chromium 'The tests' chromium chromium-browser google-chrome
	@sh tools/debian.sh nginx-light 'The tests' nginx
	@exec .venv/bin/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --ignore=tests/deployment/test_four_workers.py $(ARGS)

test-long: ## the store faults and races over four workers, which need the processors to themselves
	@$(VENV) dev
	@exec .venv/bin/pytest tests/deployment/test_four_workers.py $(ARGS)

coverage: ## run the fast tests of what verifies tokens; fail under 100 % of its branches
	@$(VENV) dev
	.venv/bin/coverage run -m pytest -q $(COVERING)
	.venv/bin/coverage report

fuzz: ## send 200,000 mutated tokens and 50,000 mutated requests (ARGS="--seed 7 --batches 100")
	@$(VENV) dev
	@exec .venv/bin/python -m tests.fuzz $(ARGS)

mutate: ## change what verifies tokens in one place at a time; do the tests see it? (ARGS=NAME for some)
	@$(VENV) dev
	@$(VENV) mutation
	.venv/bin/mutmut run $(ARGS)
	.venv/bin/mutmut results

check: ## lint, formatting, types, who may import whom, and the deployment files
	@$(VENV) dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/mypy examples/python/*.py
	.venv/bin/lint-imports
	.venv/bin/hadolint Dockerfile
	.venv/bin/docker-compose -f docker-compose.yml config --quiet

sabotage: ## switch off the defences against replay one by one, and see that the tests of them fail
	@$(VENV) dev
	@exec .venv/bin/python -m tools.sabotage

bench: ## measure everything, in under half an hour; writes docs/performance.md (ARGS="launch --rounds 9" for some)
	@sh tools/node.sh benchmarks/node & node=$$!; $(VENV) dev; $(VENV) bench; venv=$$?; wait $$node && exit $$venv
	@exec .venv/bin/python -m benchmarks $(ARGS)

bench-quick: ## has a hot path become dearer? Instructions and processor time against kept figures (ARGS=--write)
	@$(VENV) dev
	@exec .venv/bin/python -m benchmarks.quick $(ARGS)

bench-flood: ## how long another company's launches take under a flood of bad signatures
	@$(VENV) dev
	@sh tools/debian.sh nginx-light "The benchmark" nginx
	@exec .venv/bin/python -m benchmarks.flood $(ARGS)

bench-growth: ## cost at 10 million dossiers against 10,000 (ARGS="--dossiers 1000000", or "--database sqlite")
	@$(VENV) dev
	@exec .venv/bin/python -m benchmarks.growth $(ARGS)

scale: ## from measured costs to machines; writes docs/scale.md (ARGS=--kept measures nothing anew)
	@$(VENV) dev
	@exec .venv/bin/python -m benchmarks.scale $(ARGS)

secrets: ## make secrets/, data/ and .env for docker-compose.yml, never over existing ones
	@sh tools/secrets.sh

stack: ## run what docker-compose.yml says without Docker, and launch (ARGS=--once stops then)
	@$(VENV) dev
	@sh tools/debian.sh nginx-light 'The stack' nginx
	@exec .venv/bin/python -m tools.stack $(ARGS)

docs: ## write docs/errors.md, docs/launch-errors.md and docs/audit.md anew from the code
	@$(VENV) dev
	.venv/bin/python -m website.error_reference > docs/errors.md
	.venv/bin/python -m sso.verifier.mending_reference > docs/launch-errors.md
	.venv/bin/python -m common.audit.reference > docs/audit.md

lock: ## write the five requirements files anew (ARGS=--upgrade for newer versions)
	@$(VENV) uv
	$(COMPILE) --extra dev --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --constraints requirements-dev.txt --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra mutation --constraints requirements-dev.txt --output-file requirements-mutation.txt pyproject.toml
	$(COMPILE) --extra bench --constraints requirements-dev.txt --output-file requirements-bench.txt pyproject.toml
	printf 'uv\nsetuptools>=80\n' | $(COMPILE) --output-file requirements-uv.txt -

clean: ## remove the demo's data (var/)
	rm -rf var

distclean: clean ## remove .venv and node_modules too
	rm -rf .venv bruno/node_modules examples/typescript/node_modules tests/openid_provider/node_modules tests/browser/node_modules benchmarks/node/node_modules
