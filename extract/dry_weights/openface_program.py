"""A stand-in for OpenFace's program: one face in every picture, and numbers that follow from the picture."""

import json
from collections.abc import Sequence
from pathlib import Path

from .files import made_once

_SCRIPT = '''#!/usr/bin/env python3
"""Writes a table as OpenFace's FeatureExtraction does; its numbers mean nothing."""

import argparse
import csv
import hashlib
import pathlib
import random

COLUMNS = {columns}

parser = argparse.ArgumentParser()
parser.add_argument("-fdir", type=pathlib.Path)
parser.add_argument("-out_dir", type=pathlib.Path)
arguments, _ = parser.parse_known_args()
arguments.out_dir.mkdir(parents=True, exist_ok=True)
with open(arguments.out_dir / "frames.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["frame", "face_id", "timestamp", "confidence", "success", *COLUMNS])
    for frame, path in enumerate(sorted(arguments.fdir.iterdir()), 1):
        draw = random.Random(hashlib.sha256(path.read_bytes()).digest())
        # Action units occur (_c) or not.
        cells = [draw.randrange(2) if name.endswith("_c") else round(draw.random(), 3) for name in COLUMNS]
        writer.writerow([frame, 0, 0.0, 0.98, 1, *cells])
'''


def dry_openface(columns: Sequence[str], folder: Path) -> Path:
    """Return a program that takes OpenFace's arguments and writes these columns, whatever is asked for."""

    def write(made: Path) -> None:
        made.write_text(_SCRIPT.replace("{columns}", json.dumps(list(columns))), encoding="utf-8")
        made.chmod(0o755)

    return made_once(folder, "FeatureExtraction.py", list(columns), write)
