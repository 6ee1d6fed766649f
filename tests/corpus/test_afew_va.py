"""AFEW-VA as it is published, and as copies of it are."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from changed_files import change
from miniature_afew_va import CLIPS, Clip, write_afew_va, write_clip
from portraits import nobody, write_pictures

from trimodal.corpus import Corpus, CorpusError, read_annotation, read_corpus
from trimodal.corpus.afew_va import recognises
from trimodal.extract.media_source import MediaSource
from trimodal.media import Sampling

SHORT = Clip(frames=4, actor="Ann")


def read(root: Path, **clips: Clip) -> Corpus:
    """Read a corpus of clips: ``_001`` is the clip 001."""
    for name, clip in clips.items():
        write_clip(root, name.removeprefix("_"), clip)
    return read_corpus(root, "afew-va")


def problems(corpus: Corpus) -> list[str]:
    """Return the problems but those of a corpus that is small."""
    return [line for line in corpus.problems if not line.startswith(("clips: ", "59"))]


def test_clips_of_archives_side_by_side(tmp_path: Path) -> None:
    corpus = read_corpus(write_afew_va(tmp_path))
    assert corpus.layout == "afew-va"
    assert [recording.id for recording in corpus.recordings] == ["001", "002", "003", "051", "052", "600"]
    assert corpus.recordings[3].media == tmp_path / "02" / "051"
    assert {recording.frames_per_second for recording in corpus.recordings} == {25.0}
    assert [segment.speaker for segment in corpus.segments] == [CLIPS[segment.id].actor for segment in corpus.segments]
    assert corpus.problems == (
        "clips: 6 found, 600 published",
        "594 clips are missing: 004, 005, 006, 007, 008, ...",
    )
    assert corpus.notes == ("311 rated frames, taken as 25 a second: the corpus gives no rate",)


def test_ratings_are_two_annotations_of_a_file(tmp_path: Path) -> None:
    recording = read(tmp_path, _001=Clip(frames=30, actor="Ann")).recordings[0]
    valence, arousal = recording.annotation("valence"), recording.annotation("arousal")
    assert valence is not None and arousal is not None
    ratings = read_annotation(valence)
    assert ratings.raters == ("valence",)
    np.testing.assert_array_equal(ratings.values[:, 0], [n % 21 - 10 for n in range(30)])
    np.testing.assert_allclose(ratings.times[[0, 29]], [[0, 0.04], [1.16, 1.2]])
    assert set(read_annotation(arousal).values[:, 0]) == {5}


def test_pictures_that_begin_late_stay_beside_their_ratings(tmp_path: Path) -> None:
    """The clock of a folder of pictures begins with its first one, and ratings with frame 0."""
    corpus = read(tmp_path, _001=replace(SHORT, first=2))
    source = MediaSource(corpus.recordings[0], [], tmp_path / "work")
    (frames,) = list(source.frames(Sampling()))
    np.testing.assert_allclose(frames.times, [[0.08, 0.12], [0.12, 0.16]])
    assert problems(corpus) == ["1 clips have rated frames without a picture: 001"]


def test_copies_with_faces_cut_out_are_no_clips(tmp_path: Path) -> None:
    write_pictures(tmp_path / "001_cropped", [(0, nobody(0))])
    corpus = read(tmp_path, _001=SHORT)
    assert len(corpus.recordings) == 1
    assert corpus.notes[0] == "1 other folders are not read: 001_cropped"


def test_what_is_missing_or_too_much_is_named_in_one_report(tmp_path: Path) -> None:
    lost = replace(SHORT, lost=range(1, 2))
    root = write_clip(tmp_path, "001", SHORT).parent
    write_pictures(write_clip(root, "002", SHORT), [(9, nobody(9))])
    write_clip(root / "02", "002", SHORT)
    (write_clip(root, "003", SHORT) / "003.json").unlink()
    (write_clip(root, "004", SHORT) / "004.json").write_text('{"frames": [')
    (write_clip(root, "005", SHORT) / "005.json").write_text('{"frames": {"00000": {"valence": 1}}}')
    (root / "006").mkdir()
    (root / "006" / "006.json").write_text("{}")
    found = read(root, _007=lost, _601=SHORT)
    assert [one.id for one in found.recordings] == ["001", "002", "003", "004", "005", "007", "601"]
    assert [line.replace(str(root), "ROOT") for line in problems(found)] == [
        "1 clips have several folders, the first of which counts: 002",
        "ROOT/003/003.json: no such file or directory; the clip has no ratings",
        "ROOT/004/004.json: not JSON with the ratings of frames (JSONDecodeError: Expecting value: line 1 column 13 "
        "(char 12)); the clip has no ratings",
        "ROOT/005/005.json: not JSON with the ratings of frames (KeyError: 'arousal'); the clip has no ratings",
        "ROOT/006: the folder holds no picture; expected .bmp .jpeg .jpg .png; the clip is left out",
        "1 clips are none of the published ones: 601",
        "1 clips have rated frames without a picture: 007",
        "1 clips have pictures without a rating: 002",
    ]
    assert found.recordings[2].annotations == ()


def test_ratings_of_another_clip_and_beyond_the_scale(tmp_path: Path) -> None:
    folder = write_clip(tmp_path, "001", replace(SHORT, actor=""))
    content = json.loads((folder / "001.json").read_text())
    content["video_id"] = "002"
    content["frames"]["00001"]["arousal"] = -11
    (folder / "001.json").write_text(json.dumps(content))
    assert problems(read(tmp_path)) == [
        "1 clips have the ratings of another clip: 001",
        "1 clips have ratings outside -10 to 10: 001",
        "1 clips name no actor: 001",
    ]


def test_latin_1_is_no_json(tmp_path: Path) -> None:
    folder = write_clip(tmp_path, "001", SHORT)
    change(folder / "001.json", "Ann", "Zoë", "latin-1")
    (problem,) = problems(read(tmp_path))
    assert "001.json: not JSON with the ratings of frames (UnicodeDecodeError" in problem


@pytest.mark.parametrize("archive", ["", "01"])
def test_it_is_recognised_in_either_place(archive: str, tmp_path: Path) -> None:
    write_clip(tmp_path, "001", replace(SHORT, archive=archive))
    assert recognises(tmp_path)
    assert read_corpus(tmp_path).layout == "afew-va"


def test_other_folders_of_numbers_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "001").mkdir()
    (tmp_path / "001" / "002.json").write_text("{}")
    (tmp_path / "0001").mkdir()
    (tmp_path / "0001" / "0001.json").write_text("{}")
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "absent")


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no clip with pictures; expected folders like 001 with 00000\.png"):
        read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="file: not a directory; expected AFEW-VA"):
        read_corpus(tmp_path / "file", "afew-va")
