"""The command line: parse, call the library, print."""

import argparse
import math
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_parser import NOTHING_DONE, make_parser
from .errors import StoppedError, TrimodalError, number_of, require_packages

if TYPE_CHECKING:
    from .corpus import Corpus
    from .extract.running import Running
    from .progress import Quiet
    from .recipe import Recipe
    from .store import FeatureStore
    from .summary import Summary

DONE, SOME_FAILED, STOPPED = 0, 1, 3
"""Exit codes beside `NOTHING_DONE`: all done; done, but some recordings failed or something is wrong with a store; a
run that ended before all was done, and goes on when it is started again (130: after Ctrl-C or SIGTERM)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        with _stopped_by_sigterm():
            return _COMMANDS[arguments.command](arguments)
    except TrimodalError as error:
        if arguments.debug:
            traceback.print_exc()
        _say_end(arguments, str(error))
        return STOPPED if isinstance(error, StoppedError) else NOTHING_DONE
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        _say_end(arguments, "stopped; run the same command again to go on")
        return 130


def _say_end(arguments: argparse.Namespace, reason: str) -> None:
    """Say why a command ends before it is done."""
    if getattr(arguments, "log_json", False):
        from .progress import JsonLog

        JsonLog().say("error", reason)
    else:
        print(f"trimodal: {reason}", file=sys.stderr)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let what batch systems send before they kill do the same as Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import default_work, run
    from .summary import StoreSummary, Summary

    running = _running(arguments)
    work = arguments.work or default_work(arguments.out)
    with _report(arguments) as report:
        corpus, recipe = _read(arguments, work, report)
        done = run(corpus, recipe, arguments.out, work=work, running=running, watcher=report)
        store = StoreSummary.of(done.store, is_written=done.written)
    return _finish(report, Summary(extraction=done.extraction, store=store), arguments)


def _extract(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import extract
    from .summary import Summary

    running = _running(arguments)
    with _report(arguments) as report:
        corpus, recipe = _read(arguments, arguments.work, report)
        extraction = extract(corpus, recipe, arguments.work, running=running, watcher=report)
    return _finish(report, Summary(extraction=extraction, store=None), arguments)


def _status(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import status
    from .progress import Quiet
    from .summary import MOST_LISTED

    report = Quiet()
    found = status(*_read(arguments, arguments.work, report), arguments.work)
    if not arguments.work.is_dir():
        report.say("note", f"{arguments.work}: no such work folder; nothing was extracted there yet")
    hours = sum(recording.duration_seconds for recording in found.done) / 3600
    for failure in found.failed[:MOST_LISTED]:
        print(f"failed: {failure.recording}: {failure.reason}")
    print(f"{len(found.done)} recordings done ({hours:.2f} h), {len(found.failed)} failed, {len(found.left)} left")
    if found.failed:
        report.say("note", "what failed is not tried again unless it changes, or with --retry-failed")
    return SOME_FAILED if found.failed or found.left else DONE


def _align(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import align, find_tracks
    from .summary import StoreSummary, Summary

    running = _running(arguments)
    with _report(arguments) as report:
        corpus, recipe = _read(arguments, arguments.work, report)
        extraction = find_tracks(corpus, recipe, arguments.work)
        done = align(corpus, recipe, extraction, arguments.out, running=running, watcher=report)
        store = StoreSummary.of(done.store, is_written=done.written)
    return _finish(report, Summary(extraction=done.extraction, store=store), arguments)


def _inspect(arguments: argparse.Namespace) -> int:
    from .inspect_store import print_store

    print_store(_open(arguments.store))
    return DONE


def _verify(arguments: argparse.Namespace) -> int:
    from .store import verify

    _open(arguments.store)
    problems = verify(arguments.store)
    for problem in problems:
        print(problem)
    print(f"{arguments.store}: {number_of(len(problems), 'problem') if problems else 'no problem found'}")
    return SOME_FAILED if problems else DONE


def _diff(arguments: argparse.Namespace) -> int:
    from .store import diff

    differences = diff(_open(arguments.store), _open(arguments.other))
    for difference in differences:
        print(difference)
    found = number_of(len(differences), "difference") if differences else "the same"
    print(f"{arguments.store}, {arguments.other}: {found}")
    return SOME_FAILED if differences else DONE


def _merge(arguments: argparse.Namespace) -> int:
    from .store import merge
    from .summary import StoreSummary

    merge([_open(store) for store in arguments.stores], arguments.out)
    StoreSummary.of(arguments.out, is_written=True).show()
    return DONE


def _subset(arguments: argparse.Namespace) -> int:
    from .store import FeatureStore, damaged_files, subset
    from .summary import StoreSummary

    store = _open(arguments.store)
    if arguments.without_damaged:
        damaged = damaged_files(arguments.store)
        for problem in damaged.values():
            print(f"left out: {problem}", file=sys.stderr)
        store = FeatureStore(arguments.store, dry_weights=True, leave_out=damaged)
    subset(store.select(split=arguments.split, query=arguments.query, present=arguments.present), arguments.out)
    StoreSummary.of(arguments.out, is_written=True).show()
    return DONE


def _audit(arguments: argparse.Namespace) -> int:
    from .audit import audit, print_audit

    store = _open(arguments.store)
    findings = audit(store, groups=arguments.group, corpus=arguments.corpus)
    print_audit(store, findings)
    return SOME_FAILED if findings else DONE


def _doctor(arguments: argparse.Namespace) -> int:
    import tempfile

    _require_extract()
    from .doctor import examine, installed_packages, listen, machine
    from .progress import Quiet

    if arguments.corpus is None:
        for name, value in machine().items():
            print(f"{name}: {value}")
        for extra, packages in installed_packages().items():
            listed = ", ".join(f"{name} {found or 'MISSING'}" for name, found in packages.items())
            print(f"{extra or 'always'}: {listed}")
        return DONE
    corpus, report = _read_corpus(arguments), Quiet()
    for note in corpus.notes:
        report.say("note", note)
    _say_problems(corpus, arguments.strict, report)
    findings = examine(corpus)
    if arguments.listen:
        with tempfile.TemporaryDirectory(prefix="trimodal-doctor-") as folder:
            findings += listen(corpus, arguments.work or Path(folder), _jobs(arguments))
    for finding in findings:
        print(f"{finding.recording}: {finding.problem}")
    found = number_of(len(findings), "problem") if findings else "nothing found"
    print(f"{arguments.corpus}: {len(corpus.recordings)} recordings, {found}")
    return SOME_FAILED if findings else DONE


def _export(arguments: argparse.Namespace) -> int:
    from .exchange import export
    from .exchange.options import parse_options
    from .store import FeatureStore

    store = FeatureStore(arguments.store, dry_weights=arguments.dry_weights)
    if store.manifest.dry_weights:
        print("note: made with --dry-weights, the numbers mean nothing", file=sys.stderr)
    for note in export(store, arguments.to, arguments.out, parse_options(arguments.set)):
        print(f"note: {note}", file=sys.stderr)
    print(f"{arguments.out}: written")
    return DONE


def _extractors(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .errors import UsageError, did_you_mean
    from .extract import EXTRACTORS
    from .extract.describe import description, summary

    if arguments.name is None:
        width = max(map(len, EXTRACTORS))
        for name, extractor in EXTRACTORS.items():
            print(f"{name:{width}}  {summary(extractor)}")
    elif arguments.name in EXTRACTORS:
        print(description(EXTRACTORS[arguments.name]))
    else:
        raise UsageError(f"no extractor is called '{arguments.name}'; {did_you_mean(arguments.name, EXTRACTORS)}")
    return DONE


def _recipes(arguments: argparse.Namespace) -> int:
    from .errors import UsageError
    from .recipe import load_recipe, recipe_names, recipe_text

    if arguments.name is not None and not arguments.set:
        print(recipe_text(arguments.name)[0], end="")
        return DONE
    _require_extract()
    if arguments.set:
        if arguments.name is None:
            raise UsageError("--set changes a recipe; give the name of one, or the path of a .yaml file")
        print(load_recipe(arguments.name, arguments.set).text, end="")
        return DONE
    for name in recipe_names():
        print(f"{name}: {load_recipe(name).description}")
    return DONE


def _sample(arguments: argparse.Namespace) -> int:
    from .sample import write_sample

    count = write_sample(arguments.folder)
    print(f"{arguments.folder}: {count} files written")
    print(f"next: trimodal run {arguments.folder} --recipe quickstart --out {arguments.folder}.store")
    return DONE


def _read(arguments: argparse.Namespace, work: Path, report: "Quiet") -> "tuple[Corpus, Recipe]":
    """Read corpus and recipe, and pass on what the layout and the split noticed."""
    from .align import with_splits
    from .recipe import DRY_WEIGHTS_FOLDER, dry_recipe, load_recipe

    recipe = load_recipe(arguments.recipe, arguments.set)
    corpus = _read_corpus(arguments)
    for note in with_splits(corpus, recipe.split).notes:
        report.say("note", note)
    _say_problems(corpus, arguments.strict, report)
    if arguments.dry_weights:
        report.say("note", "with --dry-weights, numbers mean nothing")
        recipe = dry_recipe(recipe, work / DRY_WEIGHTS_FOLDER)
    return corpus, recipe


def _read_corpus(arguments: argparse.Namespace) -> "Corpus":
    from .corpus import read_corpus

    return read_corpus(arguments.corpus, arguments.layout)


def _say_problems(corpus: "Corpus", strict: bool, report: "Quiet") -> None:
    """Say where a corpus is not what was published or listed, which is an error for who wants it so."""
    from .errors import CorpusError

    for problem in corpus.problems:
        report.say("problem", problem)
    if strict and corpus.problems:
        raise CorpusError(
            f"{corpus.root}: {number_of(len(corpus.problems), 'problem')}, an error with --strict; expected none"
        )


def _open(path: Path) -> "FeatureStore":
    """Open a store to look at it, and say first if its numbers mean nothing."""
    from .store import FeatureStore

    store = FeatureStore(path, dry_weights=True)
    if store.manifest.dry_weights:
        print(f"{path}: made with --dry-weights, its numbers mean nothing")
    return store


def _require_extract() -> None:
    """Check that features can be made at all: a trainer's installation only reads stores."""
    require_packages(
        "making features", ["av", "joblib", "numba", "pydantic", "ruamel.yaml", "scipy", "soxr"], "extract"
    )


def _report(arguments: argparse.Namespace) -> "Quiet":
    """Return what shows what happens, as it is asked for."""
    from .progress import JsonLog, Progress, Quiet

    if arguments.quiet:
        return Quiet()
    return JsonLog() if arguments.log_json else Progress()


def _running(arguments: argparse.Namespace) -> "Running":
    from .errors import UsageError
    from .extract.running import Running

    if arguments.scheduler and arguments.backend != "dask":
        raise UsageError("--scheduler is the address of a Dask scheduler; add --backend dask")
    gigabytes = arguments.memory_limit
    if gigabytes is not None and not 0 < gigabytes < math.inf:
        raise UsageError(f"--memory-limit must be a number of gigabytes above 0, found {gigabytes}")
    devices = tuple(arguments.device.split(","))
    return Running(
        jobs=len(devices) if arguments.jobs is None and devices != ("cpu",) else _jobs(arguments),
        devices=devices,
        time_limit_factor=arguments.time_limit,
        memory_limit_bytes=None if gigabytes is None else int(gigabytes * 1e9),
        retry_failed=arguments.retry_failed,
        scheduler=(arguments.scheduler or "local") if arguments.backend == "dask" else None,
    )


def _jobs(arguments: argparse.Namespace) -> int:
    import joblib  # knows the quotas of containers and the cores that a process may use

    return joblib.cpu_count() if arguments.jobs is None else int(arguments.jobs)


def _finish(report: "Quiet", summary: "Summary", arguments: argparse.Namespace) -> int:
    """Say what was done; return the exit code."""
    if arguments.debug:
        for failure in summary.extraction.failures:
            report.say("traceback", failure.details)
    report.summary(summary)
    return SOME_FAILED if summary.extraction.failures else DONE


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "extract": _extract,
    "align": _align,
    "status": _status,
    "inspect": _inspect,
    "verify": _verify,
    "diff": _diff,
    "merge": _merge,
    "subset": _subset,
    "audit": _audit,
    "doctor": _doctor,
    "export": _export,
    "recipes": _recipes,
    "extractors": _extractors,
    "sample": _sample,
}
