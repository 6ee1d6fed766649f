"""The command line: parse, call the library, print."""

import argparse
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .errors import TrimodalError, require_packages

if TYPE_CHECKING:
    from .corpus import Corpus
    from .extract.running import Running
    from .pipeline import Extraction
    from .progress import JsonLog, Progress
    from .recipe import Recipe

DONE, SOME_FAILED, NOTHING_DONE = 0, 1, 2
"""Exit codes: all done; done, but some recordings failed or something is wrong with a store; nothing done."""
_TIME_LIMIT = "seconds that a recording may take for each second that it lasts, after its first ten minutes; 20"
_MOST_LISTED = 20
"""Failures that are printed one by one."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        with _stopped_by_sigterm():
            return int(arguments.command(arguments))
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


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error does."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        self.exit(NOTHING_DONE, f"{self.prog}: {message}; see '{self.prog} --help'\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="trimodal", description="From raw video, audio and transcripts to aligned feature stores.")
    parser.add_argument("--version", action="version", version=f"trimodal {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help: str, function: object) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        sub.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
        return sub

    def common(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("corpus", type=Path, help="a folder of media, or a manifest")
        sub.add_argument("--recipe", required=True, help="a name (see 'trimodal recipes') or a YAML file")
        sub.add_argument("--layout", default="auto", help="how the corpus lies on disk; auto finds out")

    def running(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--jobs", type=int, help="worker processes; one for each core, or each GPU, where not given")
        sub.add_argument("--device", default="cpu", help="where models run: cpu, cuda, cuda:1; several: cuda:0,cuda:1")
        sub.add_argument("--backend", choices=("processes", "dask"), default="processes", help="where the workers are")
        sub.add_argument("--scheduler", help="address of a Dask scheduler; a cluster on this machine where not given")
        sub.add_argument("--time-limit", type=float, default=20.0, metavar="SECONDS", help=_TIME_LIMIT)
        sub.add_argument(
            "--memory-limit", type=float, metavar="GB", help="memory of a worker; a fair share if not given"
        )
        sub.add_argument("--retry-failed", action="store_true", help="try again what failed for good in earlier runs")
        shown = sub.add_mutually_exclusive_group()
        shown.add_argument("--quiet", action="store_true", help="print errors only")
        shown.add_argument("--log-json", action="store_true", help="print what happens as one JSON object a line")

    run = command("run", "extract and align a corpus into a feature store", _run)
    common(run)
    run.add_argument("--out", type=Path, required=True, help="the store to write")
    run.add_argument("--work", type=Path, help="where tracks are kept; OUT.work where not given")
    running(run)
    extract = command("extract", "the first half of run: make the tracks", _extract)
    common(extract)
    extract.add_argument("--work", type=Path, required=True, help="where tracks are kept")
    running(extract)
    align = command("align", "the second half of run: make a store from tracks that are there", _align)
    common(align)
    align.add_argument("--work", type=Path, required=True, help="where 'trimodal extract' put the tracks")
    align.add_argument("--out", type=Path, required=True, help="the store to write")
    status = command("status", "show how far the tracks of a corpus are", _status)
    common(status)
    status.add_argument("--work", type=Path, required=True, help="where tracks are kept")
    inspect = command("inspect", "show what is in a store", _inspect)
    inspect.add_argument("store", type=Path)
    verify = command("verify", "check a store: checksums, schema, times, masks", _verify)
    verify.add_argument("store", type=Path)
    diff = command("diff", "say what differs between two stores: recipe, software, weights, segments, values", _diff)
    diff.add_argument("store", type=Path)
    diff.add_argument("other", type=Path)
    merge = command("merge", "put stores of one recipe together", _merge)
    merge.add_argument("stores", type=Path, nargs="+")
    merge.add_argument("--out", type=Path, required=True, help="the store to write")
    subset = command("subset", "write some segments of a store as a store of their own", _subset)
    subset.add_argument("store", type=Path)
    subset.add_argument("--split", action="append", help="only segments of this split; give it again for another")
    subset.add_argument("--query", help="only segments of which this is true: \"valence > 0 and speaker != 'Zoe'\"")
    subset.add_argument("--present", action="append", default=[], help="only segments that have this output observed")
    subset.add_argument("--out", type=Path, required=True, help="the store to write")
    audit = command("audit", "look for leaks between the splits of a store, and for what they lack", _audit)
    audit.add_argument("store", type=Path)
    audit.add_argument("--group", action="append", default=[], help="a label that no two splits may share: a dialogue")
    audit.add_argument("--corpus", help="of which corpus the store is, where its name does not say so: SEWA")
    doctor = command("doctor", "show what is installed, and what is wrong with a corpus", _doctor)
    doctor.add_argument("corpus", type=Path, nargs="?", help="a folder of media, or a manifest")
    doctor.add_argument("--layout", default="auto", help="how the corpus lies on disk; auto finds out")
    doctor.add_argument("--listen", action="store_true", help="compare the transcripts with the sound, too")
    doctor.add_argument("--work", type=Path, help="where the tracks of --listen are kept; nowhere where not given")
    doctor.add_argument("--jobs", type=int, default=None, help="processes of --listen; all cores where not given")
    export = command("export", "write a store as a file that existing training code reads", _export)
    export.add_argument("store", type=Path)
    export.add_argument("--to", required=True, metavar="FORMAT", help="mmsa, multibench, csd, ... (docs/exchange.md)")
    export.add_argument("--out", type=Path, required=True, help="the file to write")
    options = "options of the format: text=words label=sentiment"
    export.add_argument("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=options)
    recipes = command("recipes", "list the recipes, or print one", _recipes)
    recipes.add_argument("name", nargs="?")
    extractors = command("extractors", "list what makes tracks, or explain one and its parameters", _extractors)
    extractors.add_argument("name", nargs="?")
    sample = command("sample", "write the sample corpus into a new folder", _sample)
    sample.add_argument("folder", type=Path)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import default_work, run

    running = _running(arguments)
    corpus, recipe = _read(arguments)
    work = arguments.work or default_work(arguments.out)
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
    corpus, recipe = _read(arguments)
    with _watcher(arguments) as watcher:
        extraction = extract(corpus, recipe, arguments.work, running=running, watcher=watcher)
    return _finish(extraction, arguments.work, arguments)


def _status(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import status

    found = status(*_read(arguments), arguments.work)
    hours = sum(recording.duration_seconds for recording in found.done) / 3600
    for failure in found.failed[:_MOST_LISTED]:
        print(f"failed: {failure.recording}: {failure.reason}")
    print(f"{len(found.done)} recordings done ({hours:.2f} h), {len(found.failed)} failed, {len(found.left)} left")
    return SOME_FAILED if found.failed or found.left else DONE


def _align(arguments: argparse.Namespace) -> int:
    _require_extract()
    from .pipeline import align, find_tracks

    corpus, recipe = _read(arguments)
    extraction = find_tracks(corpus, recipe, arguments.work)
    written = align(corpus, recipe, extraction, arguments.out)
    code = _finish(extraction, arguments.work, arguments)
    _say_store(arguments.out, written)
    return code


def _inspect(arguments: argparse.Namespace) -> int:
    from .inspect_store import print_store
    from .store import FeatureStore

    print_store(FeatureStore(arguments.store))
    return DONE


def _verify(arguments: argparse.Namespace) -> int:
    from .store import verify

    problems = verify(arguments.store)
    for problem in problems:
        print(problem)
    print(f"{arguments.store}: {f'{len(problems)} problems' if problems else 'no problem found'}")
    return SOME_FAILED if problems else DONE


def _diff(arguments: argparse.Namespace) -> int:
    from .store import FeatureStore, diff

    differences = diff(FeatureStore(arguments.store), FeatureStore(arguments.other))
    for difference in differences:
        print(difference)
    print(f"{arguments.store}, {arguments.other}: {f'{len(differences)} differences' if differences else 'the same'}")
    return SOME_FAILED if differences else DONE


def _merge(arguments: argparse.Namespace) -> int:
    from .store import FeatureStore, merge

    merge([FeatureStore(store) for store in arguments.stores], arguments.out)
    _say_store(arguments.out, written=True)
    return DONE


def _subset(arguments: argparse.Namespace) -> int:
    from .store import FeatureStore, subset

    store = FeatureStore(arguments.store)
    subset(store.select(split=arguments.split, query=arguments.query, present=arguments.present), arguments.out)
    _say_store(arguments.out, written=True)
    return DONE


def _audit(arguments: argparse.Namespace) -> int:
    from .audit import audit, print_audit
    from .store import FeatureStore

    store = FeatureStore(arguments.store)
    findings = audit(store, groups=arguments.group, corpus=arguments.corpus)
    print_audit(store, findings)
    return SOME_FAILED if findings else DONE


def _doctor(arguments: argparse.Namespace) -> int:
    import tempfile

    _require_extract()
    from .corpus import read_corpus
    from .doctor import examine, installed_packages, listen, machine

    if arguments.corpus is None:
        for name, value in machine().items():
            print(f"{name}: {value}")
        for extra, packages in installed_packages().items():
            listed = ", ".join(f"{name} {found or 'MISSING'}" for name, found in packages.items())
            print(f"{extra or 'always'}: {listed}")
        return DONE
    corpus = read_corpus(arguments.corpus, arguments.layout)
    for note in corpus.notes:
        print(f"note: {note}", file=sys.stderr)
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

    for note in export(FeatureStore(arguments.store), arguments.to, arguments.out, parse_options(arguments.set)):
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
    from .recipe import load_recipe, recipe_names, recipe_text

    if arguments.name is not None:
        print(recipe_text(arguments.name)[0], end="")
        return DONE
    _require_extract()
    for name in recipe_names():
        print(f"{name}: {load_recipe(name).description}")
    return DONE


def _sample(arguments: argparse.Namespace) -> int:
    from .sample import write_sample

    count = write_sample(arguments.folder)
    print(f"{arguments.folder}: {count} files written")
    print(f"next: trimodal run {arguments.folder} --recipe quickstart --out {arguments.folder}.store")
    return DONE


def _read(arguments: argparse.Namespace) -> "tuple[Corpus, Recipe]":
    """Read corpus and recipe, and pass on what the layout and the split noticed."""
    from .align import with_splits
    from .corpus import read_corpus
    from .recipe import load_recipe

    recipe = load_recipe(arguments.recipe)
    corpus = read_corpus(arguments.corpus, arguments.layout)
    for note in with_splits(corpus, recipe.split).notes:
        print(f"note: {note}", file=sys.stderr)
    return corpus, recipe


def _require_extract() -> None:
    """Check that features can be made at all: a trainer's installation only reads stores."""
    require_packages("making features", ["av", "joblib", "pydantic", "ruamel.yaml", "scipy", "soxr"], "extract")


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

    found = FeatureStore(store)
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
