from pathlib import Path

import pytest

from trimodal.corpus import Corpus, CorpusError, read_corpus


def corpus(root: Path, *files: str) -> Corpus:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return read_corpus(root, "folder")


def pairs(found: Corpus) -> dict[str, tuple[str, str | None]]:
    return {
        recording.id: (
            recording.media.relative_to(found.root).as_posix(),
            recording.transcript.relative_to(found.root).as_posix() if recording.transcript else None,
        )
        for recording in found.recordings
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.mp4"], {"a": ("a.mp4", None)}),
        (["b.wav", "a.MP4", "a.TXT"], {"a": ("a.MP4", "a.TXT"), "b": ("b.wav", None)}),
        (["x/y/a.mp4", "x/a.mp4", "x/a.srt"], {"x/a": ("x/a.mp4", "x/a.srt"), "x/y/a": ("x/y/a.mp4", None)}),
        (["a.mp4", "a.txt", "a.srt", "a.vtt", "a.TextGrid", "a.json"], {"a": ("a.mp4", "a.json")}),
        (["a.mp4", "a.txt", "a.srt", "a.vtt", "a.TextGrid"], {"a": ("a.mp4", "a.TextGrid")}),
        (["a.mp4", "a.txt", "a.srt", "a.vtt"], {"a": ("a.mp4", "a.vtt")}),
        (["a.mp4", "a.words.json", "a.txt"], {"a": ("a.mp4", "a.words.json")}),
        (["a.mp4", "a.wav", "a.txt"], {"a.mp4": ("a.mp4", "a.txt"), "a.wav": ("a.wav", "a.txt")}),
        (["a.b.mp4", "a.b.txt", "a.mp4"], {"a": ("a.mp4", None), "a.b": ("a.b.mp4", "a.b.txt")}),
        (["a.mp4", ".b.mp4", ".hidden/c.mp4", "notes.pdf"], {"a": ("a.mp4", None)}),
        (["0001.mp4", "1.mp4"], {"0001": ("0001.mp4", None), "1": ("1.mp4", None)}),
    ],
)
def test_media_with_transcripts_of_the_same_stem(
    files: list[str], expected: dict[str, tuple[str, str | None]], tmp_path: Path
) -> None:
    found = corpus(tmp_path, *files)
    assert pairs(found) == expected
    assert found.layout == "folder" and found.notes == ()
    assert [(segment.id, segment.recording) for segment in found.segments] == [(r.id, r.id) for r in found.recordings]
    assert all(segment.start_seconds == 0 and segment.end_seconds is None for segment in found.segments)


def test_a_transcript_in_another_folder_is_not_taken(tmp_path: Path) -> None:
    found = corpus(tmp_path, "a.mp4", "x/a.txt", "b.srt", ".c.txt")
    assert pairs(found) == {"a": ("a.mp4", None)}
    assert found.notes == ("2 transcripts have no media of the same stem: a.txt, b.srt",)


def test_a_hidden_folder_above_the_corpus_does_not_hide_it(tmp_path: Path) -> None:
    assert pairs(corpus(tmp_path / ".data", "a.mp4")) == {"a": ("a.mp4", None)}


@pytest.mark.parametrize("files", [[], ["a.txt", "b.pdf"]])
def test_no_media(files: list[str], tmp_path: Path) -> None:
    message = rf"holds {len(files)} files and none of them is media; expected .*\.mp4"
    with pytest.raises(CorpusError, match=message):
        corpus(tmp_path, *files)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.touch()
    with pytest.raises(CorpusError, match=r"a\.mp4: expected a folder of media files"):
        read_corpus(path, "folder")


def test_folders_of_pictures_are_noted_and_left_alone(tmp_path: Path) -> None:
    found = corpus(tmp_path, "a.mp4", "cover.jpg", "b/1.png", "b/2.png", "c/d/001.JPG", "c/d/001.json", ".e/1.png")
    assert pairs(found) == {"a": ("a.mp4", None)}
    note = "2 folders hold pictures: b, c/d; to read them as video list them in a manifest with their fps"
    assert [line for line in found.notes if "pictures" in line] == [note]


def test_pictures_alone_are_no_media(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match="holds 2 files and none of them is media; 1 folders hold pictures: b; to read"
    ):
        corpus(tmp_path, "b/1.png", "b/2.png")


def test_turns_of_the_same_stem_say_who_speaks(tmp_path: Path) -> None:
    found = corpus(tmp_path, "a.mp4", "a.srt", "a.RTTM", "b.mp4", "b.rttm", "c.mp4", "c.txt")
    turns = {one.id: one.turns.name if one.turns else None for one in found.recordings}
    assert turns == {"a": "a.RTTM", "b": None, "c": None}
    assert found.notes == ("1 recordings take from RTTM who speaks, where their transcript does not say: a",)
