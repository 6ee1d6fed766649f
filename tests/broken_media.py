"""Media files with bytes flipped, cut out or spliced in, by chance; run it for many: broken_media.py FOLDER [COUNT].

The exit status is 1 where one of them became neither features nor a line of ours that names the file.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from trimodal.corpus import read_corpus
from trimodal.extract.recording import Failure
from trimodal.extract.running import Running
from trimodal.pipeline import Extraction, extract
from trimodal.recipe import Recipe, parse_recipe

RECIPE = parse_recipe(
    "tracks:\n"
    "  waveform: {length_seconds: 0.1, windows: {length_seconds: 0.1, hop_seconds: 0.1}}\n"
    "  frames: {extractor: frame_crop, size_pixels: 16, sampling: {fps: 5}}\n"
    "align: {voice: {tracks: [waveform], timeline: none}}\n",
    "broken.yaml",
)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return a file's content with one kind of damage."""
    content = bytearray(data)
    first, last = sorted(chance.randrange(len(content)) for _ in range(2))
    kind = chance.choice(("flip", "flip the header", "cut the end", "cut out", "splice"))
    if kind == "flip":
        for _ in range(chance.randint(1, 200)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == "flip the header":
        for _ in range(chance.randint(1, 20)):
            content[chance.randrange(min(2000, len(content)))] ^= 1 << chance.randrange(8)
    elif kind == "cut the end":
        del content[first:]
    elif kind == "cut out":
        del content[first : min(last, first + 5000)]
    else:
        content[first:first] = content[last : last + chance.randint(1, 5000)]
    return bytes(content)


def extract_broken(clips: list[Path], folder: Path, count: int, seed: int, recipe: Recipe = RECIPE) -> Extraction:
    """Break clips, and make tracks of them."""
    chance = random.Random(seed)
    (folder / "corpus").mkdir()
    for number in range(count):
        clip = chance.choice(clips)
        broken = mutate(clip.read_bytes(), chance)
        (folder / "corpus" / f"{number}{clip.suffix}").write_bytes(broken)
    running = Running(jobs=2, time_limit_seconds=30.0)
    return extract(read_corpus(folder / "corpus"), recipe, folder / "work", running=running)


def unexplained(found: Extraction, folder: Path) -> list[Failure]:
    """Return the failures that are no error of ours with the file's name: bugs, crashes, and what took too long."""
    return [one for one in found.failures if one.cause != "error" or not one.reason.startswith(str(folder))]


def _main(clips: list[Path], count: int, seed: int) -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        found = extract_broken(clips, Path(name), count, seed)
        odd = unexplained(found, Path(name))
    causes = ", ".join(f"{count} {cause}" for cause, count in Counter(one.cause for one in found.failures).items())
    print(f"{count} files made of {len(clips)} clips, seed {seed}, {time.monotonic() - started:.0f} s")
    print(f"{len(found.recordings)} became features, {len(found.failures)} failures ({causes})")
    for failure in odd:
        print(failure.recording, failure.track, failure.cause, failure.reason, failure.details[-3000:], sep="\n")
    return 1 if odd or len(found.recordings) + len(found.failures) != count else 0


if __name__ == "__main__":
    media = [path for path in Path(sys.argv[1]).rglob("*") if path.suffix in (".mp4", ".mpg", ".mkv", ".wav", ".flac")]
    whole = sorted(path for path in media if path.stat().st_size)
    sys.exit(_main(whole, int(sys.argv[2]) if len(sys.argv) > 2 else 2000, seed=1))
