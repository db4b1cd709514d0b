# Two commands need nothing but Python 3.11+, Node 20+ and make:
#   make tutorial   run the tutorial notebook and write its graph as a page
#   make test       linters, types, all tests
# `make help` lists the rest.

# The first interpreter that is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
ENV := .venv/.installed
BENCH := .venv-bench/.installed
BENCH_GRAPH := tests/benchmarks/graph/node_modules/.installed
OLD := .venv-old/.installed
RAY := .venv-ray/.installed
MODULES := js/node_modules/.package-lock.json
BUNDLE := artnb/widgets/static/.built
PIP := -m pip --disable-pip-version-check $(if $(CI),-qq)
PYTEST := $(BIN)/python -m pytest
# Tests wait for disks, servers and kernels: one process more than there are cores.
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() + 1))')
# Threads of PyTorch that wait for each other take the cores of the tests beside them.
unit nbval browser: export OMP_NUM_THREADS := 1

.PHONY: help env js chromium services tutorial lab test stress lint types layers unit remote oldkernel ray vitest nbval browser ipykernel6 picture bench bench-capture bench-graph bench-s3 bench-store bench-writers clean

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*  ## /\1\t/p' Makefile | expand -t 14

env: $(ENV)  ## the Python environment .venv
$(ENV): pyproject.toml
	@test -n "$(PYTHON)" || { echo "artnb needs Python 3.11 or newer; none was found. Install one, or say which: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing Python packages into .venv (PyTorch is large: this takes minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
# Python compiles what is imported, and keeps it if it may; pip compiles all, most of it in vain.
	@$(BIN)/python $(PIP) install $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile) -e '.[test]'
	@touch $@

js: $(BUNDLE)  ## the widget's bundle
$(MODULES): js/package.json js/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "The widget is built with Node 20 or newer; install it from your system's packages."; exit 1; }
	@echo "Installing Node packages into js/node_modules"
	@cd js && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
$(BUNDLE): $(MODULES) $(shell find js/src -type f 2>/dev/null) $(wildcard js/*.mjs js/*.json artnb/texts/*.json)
	@cd js && npm run --silent build
	@touch $@

chromium: $(ENV)  ## a Chromium for the browser tests, if there is none
	@$(BIN)/python tests/browser/chromium.py --install

# By any Python, so that it need not wait for .venv.
services:  ## the servers that the tests start: PostgreSQL, S3, Azure, Google
	@$(PYTHON) tests/services/install.py

tutorial: env js  ## run the tutorial, write the executed notebook and its graph
	@$(BIN)/python notebooks/run_tutorial.py

lab: env js  ## open the tutorial in JupyterLab
	@$(BIN)/python -m jupyterlab notebooks/track_models_and_datasets.ipynb

test:  ## everything below, each stage timed
	@$(or $(PYTHON),python3) tests/run_stages.py

stress: env js  ## searches and tests that take longer than a change can wait for
	@ARTNB_STRESS=1 $(PYTEST) -q --timeout=0 tests/catalog tests/faults tests/stateful

lint: env  ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: env js  ## mypy and tsc
	@$(BIN)/mypy
	@cd js && npm run --silent typecheck

layers: env  ## the import contract
	@$(PYTEST) -q tests/test_layers.py

unit: env js  ## Python tests without a browser
	@$(PYTEST) -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not server" tests --ignore=tests/browser --ignore=tests/test_layers.py

# In one process, so that each server starts once.
remote: env services  ## tests of stores on real servers
	@$(PYTEST) -q -m server tests/store

vitest: js  ## tests of the widget's own code
	@cd js && npm test --silent

# In a copy with a repository of its own, so that a checkout in use is left as it is.
nbval: env js  ## every notebook, cell by cell
	@rm -rf build/nbval && mkdir -p build/nbval && $(BIN)/python tests/fewer_digits.py build/nbval
	@cd build/nbval && ARTNB_DIR="$$PWD" ../../$(PYTEST) -q --nbval-lax --nbval-current-env --nbval-cell-timeout=600 .

browser: env js chromium  ## the notebooks in JupyterLab, in Chromium
	@$(PYTEST) -q -n 2 --dist loadfile --no-loadscope-reorder tests/browser --output=build/test-results

ipykernel6: env js chromium  ## the graph on a kernel that has no subshells for real
	@$(BIN)/python $(PIP) install --quiet --no-deps --target build/ipykernel6 'ipykernel<7'
	@ARTNB_IPYKERNEL6=build/ipykernel6 $(PYTEST) -q tests/browser/test_busy.py --output=build/test-results

picture: env js chromium  ## take the README's picture anew
	@ARTNB_PICTURE=1 $(PYTEST) -q tests/browser/test_tutorial.py --output=build/test-results

# Let an environment see what .venv has, behind its own.
beside = .venv/bin/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	> $$($(1)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth

# ipykernel 6 and IPython 8 in front of what .venv has.
oldkernel: $(OLD)  ## the tests of cells on ipykernel 6 and IPython 8
	@.venv-old/bin/python -m pytest -q $(addprefix tests/jupyter/test_,kernel.py saving_kernel.py cells.py automatic.py pipeline.py)
$(OLD): $(ENV)
	@test -x .venv-old/bin/python || .venv/bin/python -m venv .venv-old
	@.venv-old/bin/python $(PIP) install 'ipykernel<7' 'ipython<9'
	@$(call beside,.venv-old)
	@touch $@

# Not in `make test`: Ray is large, and takes half a minute to start.
ray: $(RAY)  ## a run's handle in tasks and actors of Ray
	@.venv-ray/bin/python -m pytest -q tests/test_worker.py -k ray
$(RAY): $(ENV)
	@test -x .venv-ray/bin/python || .venv/bin/python -m venv .venv-ray
	@.venv-ray/bin/python $(PIP) install ray
	@$(call beside,.venv-ray)
	@touch $@

bench: $(BENCH)  ## compare with wandb, MLflow and trackio
	@.venv-bench/bin/python tests/benchmarks/run.py
bench-store: $(BENCH)  ## compare the store with theirs, DVC and plain copies
	@.venv-bench/bin/python tests/benchmarks/store/run.py $(OPTIONS)
bench-capture: env .venv-bench-ipyflow/.tried .venv-bench-kishu/.tried  ## what a cell costs, beside ipyflow and Kishu
	@$(BIN)/python tests/benchmarks/capture/run.py
# In front of .venv, for they bring an IPython of theirs. What pip refuses is told by the benchmark.
.venv-bench-%/.tried: $(ENV)
	@echo "Installing $* into .venv-bench-$*"
	@test -x .venv-bench-$*/bin/python || .venv/bin/python -m venv .venv-bench-$*
	@.venv-bench-$*/bin/python $(PIP) install $* > .venv-bench-$*/pip.log 2>&1 || true
	@$(call beside,.venv-bench-$*)
	@touch $@
$(BENCH): pyproject.toml
	@echo "Installing artnb and its peers into .venv-bench"
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python $(PIP) install -e '.[bench]'
	@touch $@

bench-graph: env js chromium $(BENCH_GRAPH)  ## compare the graph with dagre, elkjs, React Flow and cytoscape
	@$(BIN)/python tests/benchmarks/graph/run.py $(OPTIONS)
# No lock file: it would name the registry that it was made with. The versions are pinned.
$(BENCH_GRAPH): tests/benchmarks/graph/package.json
	@cd tests/benchmarks/graph && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

bench-writers: env services  ## what a version costs while 8 processes log versions of one name
	@$(BIN)/python tests/benchmarks/writers.py $(OPTIONS)
bench-s3: env services  ## compare with s3fs and boto3 on a real S3 server
	@$(BIN)/python $(PIP) install "boto3==$$($(BIN)/python -c 'import botocore; print(botocore.__version__)')"
	@$(BIN)/python tests/benchmarks/s3.py

clean:  ## remove everything that can be made again
	rm -rf .venv .venv-bench .venv-bench-* .venv-old .venv-ray js/node_modules tests/benchmarks/graph/node_modules artnb/widgets/static build dist
