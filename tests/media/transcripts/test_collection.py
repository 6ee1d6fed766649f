from pathlib import Path

import pytest

from trimodal.media import TranscriptError
from trimodal.media.transcripts.collection import entry_of


@pytest.mark.parametrize(
    ("entries", "entry"),
    [
        (["x", "talk"], "talk"),
        (["*/talk.lab", "*/x.lab"], "*/talk.lab"),
        (["/data/talk.wav"], "/data/talk.wav"),
        (["talk.v2", "talk"], "talk"),
        (["talk.v2", "b/talk"], "b/talk"),
        (["talk.v2"], "talk.v2"),
    ],
)
def test_the_nearest_name_counts(entries: list[str], entry: str) -> None:
    assert entry_of(Path("a.ctm"), "talk", entries) == entry


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "a.ctm: has no entries; expected 'talk', the name of the media file"),
        (["a", "b", "a"], "a.ctm: has 'a', 'b'; expected 'talk'"),
        (list("abcd"), r"a.ctm: has 'a', 'b', 'c', \.\.\.; expected 'talk'"),
    ],
)
def test_the_file_of_another_recording(entries: list[str], message: str) -> None:
    with pytest.raises(TranscriptError, match=message):
        entry_of(Path("a.ctm"), "talk", entries)
