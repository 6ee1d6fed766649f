"""Writes the store that tests of old versions read: PYTHONPATH=tests python tests/store/data/write_version_1.py.

It was run once, when the format was version 1, and is kept to say what is in the store; a change of the format does not
run it again.
"""

from pathlib import Path

from stores import RECORDINGS, write_store

if __name__ == "__main__":
    write_store(Path(__file__).parent / "version-1", RECORDINGS, shard_bytes=600, statistics={"train": ["train"]})
