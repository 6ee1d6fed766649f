"""Write the split that the recipe iemocap-multifocus reads: 4,416 sentences to train, 1,104 to test, drawn by seed 42.

    python examples/iemocap_multifocus_split.py IEMOCAP_full_release [iemocap_full_dataset.csv]

The published code draws places in a table of sentences, the second argument; without it they are in the order of
dialogues and turns, and the draw is another.
"""

import csv
import random
import sys
from pathlib import Path

from trimodal.corpus import read_corpus

EMOTIONS = ("ang", "exc", "hap", "neu", "sad")
LEFT_OUT = ("unaligned", "garbage", "breathing")


def main(root: Path, table: Path | None = None) -> Path:
    """Write ``multifocus_split.csv`` into the corpus's folder."""
    segments = read_corpus(root, "iemocap-sentences").segments
    ids = [
        segment.id
        for segment in segments
        if segment.labels["emotion"] in EMOTIONS and segment.labels["spoken"] not in LEFT_OUT
    ]
    if table is not None:
        with open(table, newline="", encoding="utf-8-sig") as file:
            place = {Path(row["path"]).stem: number for number, row in enumerate(csv.DictReader(file))}
        ids.sort(key=place.__getitem__)
    random.seed(42)
    train = set(random.sample(range(len(ids)), len(ids) * 4 // 5))
    written = root / "multifocus_split.csv"
    with open(written, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["segment", "split"])
        writer.writerows([id, "train" if number in train else "test"] for number, id in enumerate(ids))
    print(f"{written}: {len(train):,} to train, {len(ids) - len(train):,} to test")
    return written


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
