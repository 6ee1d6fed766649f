"""The command line: parse, call the library, print."""

import argparse
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_parser import NOTHING_DONE, make_parser
from .errors import TrimodalError, require_packages

if TYPE_CHECKING:
    from .corpus import Corpus
    from .extract.running import Running
    from .pipeline import Extraction
    from .progress import JsonLog, Progress
    from .recipe import Recipe
    from .store import FeatureStore

DONE, SOME_FAILED = 0, 1
"""Exit codes beside `NOTHING_DONE`: all done; done, but some recordings failed or something is wrong with a store."""
_MOST_LISTED = 20
"""Failures that are printed one by one."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        with _stopped_by_sigterm():
            return _COMMANDS[arguments.command](arguments)
    except TrimodalError as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"trimodal: {error}", file=sys.stderr)
        return NOTHING_DONE
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        print("trimodal: stopped; run the same command again to go on", file=sys.stderr)
        return 130


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

    running = _running(arguments)
    work = arguments.work or default_work(arguments.out)
    corpus, recipe = _read(arguments, work)
    with _watcher(arguments) as watcher:
        report = run(corpus, recipe, arguments.out, work=work, running=running, watcher=watcher)
    code = _finish(report.extraction, work, arguments)
    if not arguments.quiet:
        _say_store(report.store, report.written)
    return code


def _extract(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import extract

    running = _running(arguments)
    corpus, recipe = _read(arguments, arguments.work)
    with _watcher(arguments) as watcher:
        extraction = extract(corpus, recipe, arguments.work, running=running, watcher=watcher)
    return _finish(extraction, arguments.work, arguments)


def _status(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import status

    found = status(*_read(arguments, arguments.work), arguments.work)
    hours = sum(recording.duration_seconds for recording in found.done) / 3600
    for failure in found.failed[:_MOST_LISTED]:
        print(f"failed: {failure.recording}: {failure.reason}")
    print(f"{len(found.done)} recordings done ({hours:.2f} h), {len(found.failed)} failed, {len(found.left)} left")
    return SOME_FAILED if found.failed or found.left else DONE


def _align(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import align, find_tracks

    corpus, recipe = _read(arguments, arguments.work)
    extraction = find_tracks(corpus, recipe, arguments.work)
    report = align(corpus, recipe, extraction, arguments.out)
    code = _finish(report.extraction, arguments.work, arguments)
    _say_store(report.store, report.written)
    return code


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
    print(f"{arguments.store}: {f'{len(problems)} problems' if problems else 'no problem found'}")
    return SOME_FAILED if problems else DONE


def _diff(arguments: argparse.Namespace) -> int:
    from .store import diff

    differences = diff(_open(arguments.store), _open(arguments.other))
    for difference in differences:
        print(difference)
    print(f"{arguments.store}, {arguments.other}: {f'{len(differences)} differences' if differences else 'the same'}")
    return SOME_FAILED if differences else DONE


def _merge(arguments: argparse.Namespace) -> int:
    from .store import merge

    merge([_open(store) for store in arguments.stores], arguments.out)
    _say_store(arguments.out, written=True)
    return DONE


def _subset(arguments: argparse.Namespace) -> int:
    from .store import subset

    store = _open(arguments.store)
    subset(store.select(split=arguments.split, query=arguments.query, present=arguments.present), arguments.out)
    _say_store(arguments.out, written=True)
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

    if arguments.corpus is None:
        for name, value in machine().items():
            print(f"{name}: {value}")
        for extra, packages in installed_packages().items():
            listed = ", ".join(f"{name} {found or 'MISSING'}" for name, found in packages.items())
            print(f"{extra or 'always'}: {listed}")
        return DONE
    corpus = _read_corpus(arguments)
    for note in corpus.notes:
        print(f"note: {note}", file=sys.stderr)
    _say_problems(corpus, arguments.strict)
    findings = examine(corpus)
    if arguments.listen:
        with tempfile.TemporaryDirectory(prefix="trimodal-doctor-") as folder:
            findings += listen(corpus, arguments.work or Path(folder), _jobs(arguments))
    for finding in findings:
        print(f"{finding.recording}: {finding.problem}")
    found = f"{len(findings)} problems" if findings else "nothing found"
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


def _read(arguments: argparse.Namespace, work: Path) -> "tuple[Corpus, Recipe]":
    """Read corpus and recipe, and pass on what the layout and the split noticed."""
    from .align import with_splits
    from .recipe import DRY_WEIGHTS_FOLDER, dry_recipe, load_recipe

    recipe = load_recipe(arguments.recipe, arguments.set)
    corpus = _read_corpus(arguments)
    for note in with_splits(corpus, recipe.split).notes:
        print(f"note: {note}", file=sys.stderr)
    _say_problems(corpus, arguments.strict)
    if arguments.dry_weights:
        print("note: with --dry-weights, numbers mean nothing", file=sys.stderr)
        recipe = dry_recipe(recipe, work / DRY_WEIGHTS_FOLDER)
    return corpus, recipe


def _read_corpus(arguments: argparse.Namespace) -> "Corpus":
    from .corpus import read_corpus

    return read_corpus(arguments.corpus, arguments.layout)


def _say_problems(corpus: "Corpus", strict: bool) -> None:
    """Say where a corpus is not what was published or listed, which is an error for who wants it so."""
    from .errors import CorpusError

    for problem in corpus.problems:
        print(f"problem: {problem}", file=sys.stderr)
    if strict and corpus.problems:
        raise CorpusError(f"{corpus.root}: {len(corpus.problems)} problems, an error with --strict; expected none")


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


def _watcher(arguments: argparse.Namespace) -> "AbstractContextManager[JsonLog | Progress | None]":
    from .progress import JsonLog, Progress

    if arguments.quiet:
        return nullcontext()
    return JsonLog() if arguments.log_json else Progress()


def _running(arguments: argparse.Namespace) -> "Running":
    from .errors import UsageError
    from .extract.running import Running

    if arguments.scheduler and arguments.backend != "dask":
        raise UsageError("--scheduler is the address of a Dask scheduler; add --backend dask")
    devices = tuple(arguments.device.split(","))
    return Running(
        jobs=len(devices) if arguments.jobs is None and devices != ("cpu",) else _jobs(arguments),
        devices=devices,
        time_limit_factor=arguments.time_limit,
        memory_limit_bytes=None if arguments.memory_limit is None else int(arguments.memory_limit * 1e9),
        retry_failed=arguments.retry_failed,
        scheduler=(arguments.scheduler or "local") if arguments.backend == "dask" else None,
    )


def _jobs(arguments: argparse.Namespace) -> int:
    import joblib

    return joblib.cpu_count() if arguments.jobs is None else int(arguments.jobs)


def _say_store(store: Path, written: bool) -> None:
    """Say what became of a store, of segments that are not in it or odd, and what could not be observed."""
    from .store import FeatureStore
    from .summary import gaps_by_track

    found = FeatureStore(store, dry_weights=True)
    for title, counts in (("left out", found.manifest.excluded), ("note", found.manifest.noted)):
        for what, count in counts.items():
            print(f"{title}: {count} segments: {what}", file=sys.stderr)
    if gaps := gaps_by_track(found.gaps):
        print(f"gaps by track: {gaps}")
    print(f"{store}: {'written' if written else 'up to date'}")


def _finish(extraction: "Extraction", work: Path, arguments: argparse.Namespace) -> int:
    """Say what was done, and every failure; return the exit code."""
    from .summary import duration

    if arguments.debug:
        for failure in extraction.failures:
            print(failure.details, file=sys.stderr)
    if not getattr(arguments, "quiet", False):
        length = duration(sum(recording.duration_seconds for recording in extraction.recordings))
        print(f"{len(extraction.recordings)} recordings ({length}), {extraction.extracted} tracks extracted now")
        _say_times(extraction)
    for failure in extraction.failures[:_MOST_LISTED]:
        track = f" ({failure.track})" if failure.track else ""
        print(f"failed: {failure.recording}{track}: {failure.reason}", file=sys.stderr)
    if extraction.failures:
        from .pipeline import FAILURES_FILE

        causes = Counter(failure.cause for failure in extraction.failures)
        listed = ", ".join(f"{count} by {cause}" for cause, count in causes.most_common())
        count = f"{len(extraction.failures)} recordings failed ({listed})"
        print(f"{count}, listed in {work / FAILURES_FILE}", file=sys.stderr)
    return SOME_FAILED if extraction.failures else DONE


def _say_times(extraction: "Extraction") -> None:
    """Say how long each track took, where any was made."""
    seconds: Counter[str] = Counter()
    for recording in extraction.recordings:
        seconds.update(recording.seconds)
    if seconds:
        print("time by track: " + ", ".join(f"{track} {took:.1f} s" for track, took in seconds.most_common()))


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
