# make demo | test | check | bench: each sets up what it needs in .venv, and nothing else on the machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
PACKAGES := align audit corpus exchange extract media recipe sample store

.PHONY: demo test check bench clean
.DELETE_ON_ERROR:

$(VENV)/installed: setup.cfg constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[extract,asr,dask,torch,dev]'
	touch $@

# The sample corpus through the quickstart recipe: what is in the store, and one batch of it.
demo: $(VENV)/installed
	rm -rf $(DEMO) && mkdir -p build
	$(BIN)/trimodal sample $(DEMO)/corpus
	$(BIN)/trimodal run $(DEMO)/corpus --recipe quickstart --out $(DEMO)/sample.store
	$(BIN)/trimodal inspect $(DEMO)/sample.store
	$(BIN)/python examples/one_batch.py $(DEMO)/sample.store

test: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# mypy wants a folder called trimodal: a link to this one.
check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p build/mypy && ln -sfn '$(CURDIR)' build/mypy/trimodal
	cd build/mypy && '$(CURDIR)/$(BIN)/mypy' --config-file ../../pyproject.toml \
		trimodal/*.py $(addprefix trimodal/,$(PACKAGES))

# MEDIA=folder: clips for the benchmarks that can measure recorded speech and faces, see their first lines.
bench: $(VENV)/installed
	@for file in benchmarks/*.py; do \
		case $$file in \
			benchmarks/alignment.py) set -- $(MEDIA);; \
			benchmarks/faces.py) set -- $(MEDIA:%=%/talking);; \
			*) set --;; \
		esac; \
		echo "== $$file" && $(BIN)/python $$file "$$@" || exit 1; \
	done

clean:
	rm -rf build dist *.egg-info .venv
