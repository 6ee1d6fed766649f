"""What the command line understands."""

import argparse
from pathlib import Path

from . import __version__

NOTHING_DONE = 2
"""Exit code where nothing was done, as of what cannot be parsed."""
_TIME_LIMIT = "seconds that a recording may take for each second that it lasts, after its first ten minutes; 20"
_STRICT = "do nothing where the corpus is not what was published or listed"
_DRY_WEIGHTS = "tiny random models in the place of those that must be fetched: the numbers mean nothing"
_SET = "change a value of the recipe: tracks.bert.model=/models/bert; give it again for another"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error does."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        self.exit(NOTHING_DONE, f"{self.prog}: {message}; see '{self.prog} --help'\n")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses has the name of the command as `command`."""
    parser = _Parser(prog="trimodal", description="From raw video, audio and transcripts to aligned feature stores.")
    parser.add_argument("--version", action="version", version=f"trimodal {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=name)
        sub.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
        return sub

    def common(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("corpus", type=Path, help="a folder of media, or a manifest")
        sub.add_argument("--recipe", required=True, help="a name (see 'trimodal recipes') or a YAML file")
        changing(sub)
        sub.add_argument("--layout", default="auto", help="how the corpus lies on disk; auto finds out")
        sub.add_argument("--strict", action="store_true", help=_STRICT)
        sub.add_argument("--dry-weights", action="store_true", help=_DRY_WEIGHTS)

    def changing(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=_SET)

    def working(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--jobs", type=int, help="worker processes; one for each core, or each GPU, where not given")
        sub.add_argument("--backend", choices=("processes", "dask"), default="processes", help="where the workers are")
        sub.add_argument("--scheduler", help="address of a Dask scheduler; a cluster on this machine where not given")
        sub.add_argument("--time-limit", type=float, default=20.0, metavar="SECONDS", help=_TIME_LIMIT)
        sub.add_argument(
            "--memory-limit", type=float, metavar="GB", help="memory of a worker; a fair share if not given"
        )
        shown = sub.add_mutually_exclusive_group()
        shown.add_argument("--quiet", action="store_true", help="print errors only")
        shown.add_argument("--log-json", action="store_true", help="print what happens as one JSON object a line")

    def extracting(sub: argparse.ArgumentParser) -> None:
        working(sub)
        sub.add_argument("--device", default="cpu", help="where models run: cpu, cuda, cuda:1; several: cuda:0,cuda:1")
        sub.add_argument("--retry-failed", action="store_true", help="try again what failed for good in earlier runs")

    run = command("run", "extract and align a corpus into a feature store")
    common(run)
    run.add_argument("--out", type=Path, required=True, help="the store to write")
    run.add_argument("--work", type=Path, help="where tracks are kept; OUT.work where not given")
    extracting(run)
    extract = command("extract", "the first half of run: make the tracks")
    common(extract)
    extract.add_argument("--work", type=Path, required=True, help="where tracks are kept")
    extracting(extract)
    align = command("align", "the second half of run: make a store from tracks that are there")
    common(align)
    align.add_argument("--work", type=Path, required=True, help="where 'trimodal extract' put the tracks")
    align.add_argument("--out", type=Path, required=True, help="the store to write")
    working(align)
    align.set_defaults(device="cpu", retry_failed=False)
    status = command("status", "show how far the tracks of a corpus are")
    common(status)
    status.add_argument("--work", type=Path, required=True, help="where tracks are kept")
    inspect = command("inspect", "show what is in a store")
    inspect.add_argument("store", type=Path)
    verify = command("verify", "check a store: checksums, schema, times, masks")
    verify.add_argument("store", type=Path)
    diff = command("diff", "say what differs between two stores: recipe, software, weights, segments, values, gaps")
    diff.add_argument("store", type=Path)
    diff.add_argument("other", type=Path)
    merge = command("merge", "put stores of one recipe together")
    merge.add_argument("stores", type=Path, nargs="+")
    merge.add_argument("--out", type=Path, required=True, help="the store to write")
    subset = command("subset", "write some segments of a store as a store of their own")
    subset.add_argument("store", type=Path)
    subset.add_argument("--split", action="append", help="only segments of this split; give it again for another")
    subset.add_argument("--query", help="only segments of which this is true: \"valence > 0 and speaker != 'Zoe'\"")
    subset.add_argument("--present", action="append", default=[], help="only segments that have this output observed")
    subset.add_argument("--without-damaged", action="store_true", help="leave out shards in which something is wrong")
    subset.add_argument("--out", type=Path, required=True, help="the store to write")
    audit = command("audit", "look for leaks between the splits of a store, and for what they lack")
    audit.add_argument("store", type=Path)
    audit.add_argument("--group", action="append", default=[], help="a label that no two splits may share: a dialogue")
    audit.add_argument("--corpus", help="of which corpus the store is, where its name does not say so: SEWA")
    doctor = command("doctor", "show what is installed, and what is wrong with a corpus")
    doctor.add_argument("corpus", type=Path, nargs="?", help="a folder of media, or a manifest")
    doctor.add_argument("--layout", default="auto", help="how the corpus lies on disk; auto finds out")
    doctor.add_argument("--strict", action="store_true", help=_STRICT)
    doctor.add_argument("--listen", action="store_true", help="compare the transcripts with the sound, too")
    doctor.add_argument("--work", type=Path, help="where the tracks of --listen are kept; nowhere where not given")
    doctor.add_argument("--jobs", type=int, default=None, help="processes of --listen; all cores where not given")
    export = command("export", "write a store as a file that existing training code reads")
    export.add_argument("store", type=Path)
    export.add_argument("--to", required=True, metavar="FORMAT", help="mmsa, multibench, csd, ... (docs/exchange.md)")
    export.add_argument("--out", type=Path, required=True, help="the file to write")
    export.add_argument("--dry-weights", action="store_true", help="also where the store was made with --dry-weights")
    options = "options of the format: text=words label=sentiment"
    export.add_argument("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=options)
    recipes = command("recipes", "list the recipes, or print one")
    recipes.add_argument("name", nargs="?")
    changing(recipes)
    extractors = command("extractors", "list what makes tracks, or explain one and its parameters")
    extractors.add_argument("name", nargs="?")
    sample = command("sample", "write the sample corpus into a new folder")
    sample.add_argument("folder", type=Path)
    return parser
