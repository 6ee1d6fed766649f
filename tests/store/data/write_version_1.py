"""Writes the stores that tests of old versions read: PYTHONPATH=tests python tests/store/data/write_version_1.py.

It was run once, when the format was version 1, and is kept to say what is in the stores; a change of the format does
not run it again.
"""

from pathlib import Path

from stores import FACES, OUTPUTS, RECORDINGS, with_faces, write_store

if __name__ == "__main__":
    for name, compression in (("version-1", "none"), ("version-1-gzip", "gzip")):
        write_store(
            Path(__file__).parent / name,
            {recording: with_faces(content) for recording, content in RECORDINGS.items()},
            outputs={**OUTPUTS, "faces": FACES},
            shard_bytes=600,
            statistics={"train": ["train"]},
            compression=compression,
            layout="sewa",
        )
