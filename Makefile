# The commands every contributor and CI use. Each sets up what it needs (a local .venv from pinned, hashed requirements).
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUNS   := $(VENV)/.runs
READY  := $(VENV)/.ready
EXCHANGES := $(VENV)/exchanges
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check
CODE   := src tests bench tools typings
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade

.PHONY: demo test lint format docs bench image sandbox-image lock clean
.DEFAULT_GOAL := demo

# What running needs comes first and alone: the demo should not wait for linters and browsers' drivers.
$(RUNS): requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "daypass needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation --editable ".[sandbox]"
	@touch $@

$(READY): $(RUNS) requirements/dev.txt
	@echo "Adding what testing and checking need (once, a minute or two) ..."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(RUNS)  ## the main job, on the embedded sandbox tenant
	@$(BIN)/daypass demo

test: $(READY)  ## the whole test suite
	@rm -rf $(EXCHANGES)
	$(BIN)/python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder --exchanges=$(EXCHANGES) -m "not last"
	$(BIN)/python -m pytest --exchanges=$(EXCHANGES) -m last  # the judge of what the others did

lint: $(READY)  ## style, types, floors and budgets
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/measure.py src/daypass tests --limit 'file_max<=600' --limit 'func_max<=50' --limit 'func_p90<=20' \
	  --limit 'cc_max<=12' --limit 'cycles<=0' --limit 'error_roots<=1' --limit 'typed%>=100' --limit 'doc_public%>=95' \
	  --limit 'doc_class%>=100' --limit 'doc_module%>=100' --limit 'repeat%<=3' --limit 'io_free_sloc%>=60' \
	  --limit 'mocks_per_100_tests<=2' --limit 'front_names<=30' --header
	$(BIN)/python tools/measure.py src/daypass_sandbox tests --limit 'file_max<=600' --limit 'func_max<=60' --limit 'cc_max<=14' \
	  --limit 'cycles<=0' --limit 'error_roots<=1' --limit 'typed%>=100' --limit 'doc_public%>=90' --limit 'doc_class%>=90' \
	  --limit 'repeat%<=5' --header

format: $(READY)  ## put the code in order
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(READY)  ## the parts of docs/ that the code tells
	$(BIN)/python tools/make_docs.py

bench: $(READY)  ## speed, as ratios in one run
	$(BIN)/python -m bench
	$(BIN)/python -m bench.store
	$(BIN)/python -m bench.sandbox

image:  ## the container image, with docker or buildah
	./tools/build-image

sandbox-image:  ## the image of the pretend tenant alone, for other people's projects
	IMAGE=$${IMAGE:-daypass-sandbox:latest} ./tools/build-image --target sandbox

lock:  ## renew the pinned requirements (needs uv)
	$(COMPILE) --extra sandbox -o requirements/runtime.txt pyproject.toml
	$(COMPILE) --extra sandbox --group dev -o requirements/dev.txt pyproject.toml
	printf 'hatchling>=1.27\neditables>=0.5\n' | $(COMPILE) -o requirements/build.txt -
	printf 'msal==1.20.0\nrequests==2.31.0\n' | $(COMPILE) -o requirements/tutorial-old.txt -
	printf 'msal\nrequests\n' | $(COMPILE) -o requirements/tutorial-new.txt -
	printf 'msgraph-sdk\no365\n' | $(COMPILE) -o requirements/clients.txt -
	printf 'authlib\nazure-identity\nmsal\nrequests\n' | $(COMPILE) -o requirements/sign-in.txt -
	printf 'msal==1.0.0\n' | $(COMPILE) -o requirements/msal-first.txt -

clean:  ## what was made here
	rm -rf $(VENV) .venv-* build dist
