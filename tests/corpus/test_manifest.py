from pathlib import Path

import pytest

from trimodal.corpus import Corpus, CorpusError, Recording, Segment, read_corpus


def read(tmp_path: Path, content: str | bytes) -> Corpus:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_corpus(path)


def test_every_column(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "segment,recording,media,transcript,start,end,split,speaker,text,valence,emotion\n"
        's1,r1,v/a.mp4,t/a.srt,0.5,1.25,train,ann,"Hello, ""you""",-1.5,joy\n'
        "s2,r1,v/a.mp4,t/a.srt,2,3,test,ben,,2,anger\n",
    )
    assert found.root == tmp_path and found.layout == "manifest"
    assert found.recordings == (Recording(id="r1", media=tmp_path / "v/a.mp4", transcript=tmp_path / "t/a.srt"),)
    assert found.segments == (
        Segment(
            id="s1",
            recording="r1",
            start_seconds=0.5,
            end_seconds=1.25,
            split="train",
            speaker="ann",
            text='Hello, "you"',
            labels={"valence": -1.5, "emotion": "joy"},
        ),
        Segment(
            id="s2",
            recording="r1",
            start_seconds=2.0,
            end_seconds=3.0,
            split="test",
            speaker="ben",
            labels={"valence": 2.0, "emotion": "anger"},
        ),
    )
    assert found.label_names == ("valence", "emotion")


def test_only_media_is_needed(tmp_path: Path) -> None:
    found = read(tmp_path, "media\nv.1/a.mp4\nb\n")
    assert found.recordings == (
        Recording(id="v.1/a", media=tmp_path / "v.1/a.mp4"),
        Recording(id="b", media=tmp_path / "b"),
    )
    assert found.segments == (Segment(id="v.1/a", recording="v.1/a"), Segment(id="b", recording="b"))


def test_rates_and_rotations(tmp_path: Path) -> None:
    found = read(tmp_path, "media,fps,rotation\nv.1/a.mp4,,270\nclip.001/,25,\nclip.002,29.97,0\n")
    assert found.recordings == (
        Recording(id="v.1/a", media=tmp_path / "v.1/a.mp4", rotation_degrees=270),
        Recording(id="clip.001", media=tmp_path / "clip.001", frames_per_second=25.0),
        Recording(id="clip.002", media=tmp_path / "clip.002", frames_per_second=29.97, rotation_degrees=0),
    )
    assert found.label_names == ()


def test_segments_of_one_recording_are_numbered(tmp_path: Path) -> None:
    found = read(tmp_path, "media,start,segment\na.mp4,0,\nb.mp4,0,\na.mp4,1,named\na.mp4,2,\n")
    assert [segment.id for segment in found.segments] == ["a_0", "b", "named", "a_2"]
    assert {name: len(group) for name, group in found.segments_by_recording().items()} == {"a": 3, "b": 1}


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert read(tmp_path, "media\n/data/a.mp4\n").recordings[0].media == Path("/data/a.mp4")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfmedia,speaker\na.mp4,ann\n",
        b"media,speaker\r\na.mp4,ann\r\n",
        b"media , speaker\na.mp4, ann\n",
        b'"media","speaker"\n"a.mp4","ann"\n',
        b"speaker,media\nann,a.mp4",
        b"media,speaker\n\na.mp4,ann\n\n",
    ],
)
def test_csv_oddities(content: bytes, tmp_path: Path) -> None:
    found = read(tmp_path, content)
    assert found.segments == (Segment(id="a", recording="a", speaker="ann"),)
    assert found.recordings[0].media == tmp_path / "a.mp4"


def test_ids_stay_text(tmp_path: Path) -> None:
    (segment,) = read(tmp_path, "segment,recording,media,split,speaker,text\n0001,007,1.mp4,1,02,NA\n").segments
    assert segment == Segment(id="0001", recording="007", split="1", speaker="02", text="NA")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2.5"], [1.0, -2.5]),
        (["1e3", " 2 "], [1000.0, 2.0]),
        (["joy", "anger"], ["joy", "anger"]),
        (["1", "two"], ["1", "two"]),
        (["1", "nan"], ["1", "nan"]),
        (["joy", ""], ["joy", ""]),
        (["", ""], ["", ""]),
        (["True", "None"], ["True", "None"]),
    ],
)
def test_labels_are_numbers_or_text(cells: list[str], expected: list[float | str], tmp_path: Path) -> None:
    found = read(tmp_path, f"media,label\na.mp4,{cells[0]}\nb.mp4,{cells[1]}\n")
    assert [segment.labels["label"] for segment in found.segments] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"manifest\.csv: not a CSV file in UTF-8 \(No columns to parse from file\)"),
        (b"media\n\xe9.mp4\n", "not a CSV file in UTF-8 .*can't decode byte 0xe9"),
        ('media,text\na.mp4,"open\n', "not a CSV file in UTF-8 .*EOF inside string"),
        ("media,text\na.mp4,one, two\n", "not a CSV file in UTF-8 .*Expected 2 fields in line 2, saw 3"),
        ("media,text\na.mp4,one\nb.mp4,one, two\n", "not a CSV file in UTF-8 .*Expected 2 fields in line 3, saw 3"),
        ("Media,text\na.mp4,one\n", r"has no column 'media' \(found: Media, text\); did you mean 'Media'\?"),
        ("file,text\na.mp4,one\n", r"has no column 'media' \(found: file, text\); known: file, text"),
        ("media,text\n", "has no rows; expected one per segment"),
        ("media,x,media\na,1,b\n", "column 3 is called 'media' like one before it; expected a name of its own"),
        ("media,\na.mp4,1\n", "column 2 has no name; expected a name of its own"),
        ('media\na.mp4\n""\n', r"manifest\.csv, line 3: column 'media' is empty; expected a path"),
        ("media,start\na.mp4,0\nb.mp4,x\n", "line 3: column 'start' is 'x'; expected seconds"),
        ("media,end\na.mp4,nan\n", "line 2: column 'end' is 'nan'; expected seconds"),
        ("media,end\na.mp4,inf\n", "line 2: column 'end' is 'inf'; expected seconds"),
        ("media,start,end\na.mp4,2,1\n", "segment 'a' ends at 1.0 s, which is not after its start at 2.0 s"),
        ("media,label\na.mp4,1\nb.mp4,\n", "line 3: label 'label' is empty; expected a number"),
        ("media,label\na.mp4,1\nb.mp4,inf\n", "label 'label' has a value that is not finite"),
        ("media\na.mp4\na.wav\n", "line 3: recording 'a' has other media or another transcript further up"),
        ("media,transcript\na.mp4,a.txt\na.mp4,\n", "line 3: recording 'a' has other media or another transcript"),
        ("media,fps,recording\na,25,r\na,30,r\n", "line 3: recording 'r' has another frame rate or rotation"),
        ("media,rotation\na,45\n", "line 2: column 'rotation' is '45'; expected 0, 90, 180 or 270 degrees"),
        ("media,fps\na,25 Hz\n", "line 2: column 'fps' is '25 Hz'; expected frames per second, more than 0"),
        ("media,fps\na,0\n", "line 2: column 'fps' is '0'; expected frames per second"),
        ("media,fps\na,inf\n", "line 2: column 'fps' is 'inf'; expected frames per second"),
        ("media,segment\na.mp4,s\nb.mp4,s\n", "the segment id 's' occurs 2 times; ids must be unique"),
        ("media,segment\na.mp4,\na.mp4,a_0\n", "the segment id 'a_0' occurs 2 times"),
    ],
)
def test_broken_manifest(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        read(tmp_path, content)


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"manifest\.csv: cannot be read \(No such file or directory\)"):
        read_corpus(tmp_path, "manifest")


def test_the_sample_corpus(sample: Path) -> None:
    found = read_corpus(sample)
    assert found.label_names == ("sentiment", "emotion")
    assert len(found.segments) == 6
    assert all(recording.media.is_file() for recording in found.recordings)
    assert all(recording.transcript and recording.transcript.is_file() for recording in found.recordings)
