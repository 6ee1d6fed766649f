from pathlib import Path

import pytest

from trimodal.corpus import Annotation, Corpus, CorpusError, FeatureFile, Recording, Segment, read_corpus
from trimodal.media.clock import Remap, SetStart, Shift


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


def test_sound_in_a_file_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, "media,sound\na.avi,a.wav\nb.avi,\n")
    assert [one.sound for one in found.recordings] == [tmp_path / "a.wav", None]


def test_turns_say_who_speaks(tmp_path: Path) -> None:
    found = read(tmp_path, "media,transcript,turns\na.wav,a.srt,all.rttm\nb.wav,b.srt,\n")
    assert [one.turns for one in found.recordings] == [tmp_path / "all.rttm", None]
    assert found.notes == ("1 recordings take from RTTM who speaks, where their transcript does not say: a",)


def test_a_recording_without_media_has_a_duration(tmp_path: Path) -> None:
    found = read(tmp_path, "recording,media,duration,features:csd\na.b,,2.5,x.csd\n")
    feature = FeatureFile(name="csd", path=tmp_path / "x.csd", entry="a.b")
    assert found.recordings == (Recording(id="a.b", duration_seconds=2.5, features=(feature,)),)


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


def test_annotations(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "media,fps,annotation:arousal,annotation:valence,joy\na.mp4,,r/a.csv,r/b.arff,1\nb.mp4,,,,2\nc,25,,c.json,3\n",
    )
    assert [recording.annotations for recording in found.recordings] == [
        (
            Annotation(name="arousal", path=tmp_path / "r/a.csv"),
            Annotation(name="valence", path=tmp_path / "r/b.arff"),
        ),
        (),
        (Annotation(name="valence", path=tmp_path / "c.json", rows_per_second=25.0),),
    ]
    assert found.label_names == ("joy",)


def test_features(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "media,features:covarep,entry:covarep,features:pose,joy\n"
        "v/a.mp4,all.csd,03bSnISJMiM,p/a.npy,1\n"
        "v/b.mp4,all.csd,,,2\n",
    )
    assert [recording.features for recording in found.recordings] == [
        (
            FeatureFile(name="covarep", path=tmp_path / "all.csd", entry="03bSnISJMiM"),
            FeatureFile(name="pose", path=tmp_path / "p/a.npy", entry="a"),
        ),
        (FeatureFile(name="covarep", path=tmp_path / "all.csd", entry="b"),),
    ]
    assert found.label_names == ("joy",)


def test_segments_may_overlap(tmp_path: Path) -> None:
    found = read(tmp_path, "media,start,end\na.mp4,0,5\na.mp4,2,9\na.mp4,0,5\n")
    spans = [(segment.id, segment.start_seconds, segment.end_seconds) for segment in found.segments]
    assert spans == [("a_0", 0.0, 5.0), ("a_1", 2.0, 9.0), ("a_2", 0.0, 5.0)]


def test_clocks(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "media,transcript,audio_clock,video_clock,transcript_clock\n"
        "a.mp4,,,,\nb.mp4,b.srt,shift -0.25,set 1,remap 0:0.1  60:61.5 90:90\n",
    )
    assert [recording.clock for recording in found.recordings] == [
        {},
        {
            "audio": Shift(seconds=-0.25),
            "video": SetStart(seconds=1.0),
            "transcript": Remap(points=((0.0, 0.1), (60.0, 61.5), (90.0, 90.0))),
        },
    ]
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
        (["joy", ""], ["joy", None]),
        (["", "1"], [None, 1.0]),
        (["", " "], [None, None]),
        (["True", "None"], ["True", "None"]),
    ],
)
def test_labels_are_numbers_or_text_or_missing(
    cells: list[str], expected: list[float | str | None], tmp_path: Path
) -> None:
    found = read(tmp_path, f"media,label\na.mp4,{cells[0]}\nb.mp4,{cells[1]}\n")
    assert [segment.labels.get("label") for segment in found.segments] == expected


def test_a_column_can_say_that_it_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, "media,text:level\na.mp4,1\nb.mp4,2b\nc.mp4,\nd.mp4,nan\n")
    assert [segment.labels.get("level") for segment in found.segments] == ["1", "2b", None, "nan"]
    assert found.label_names == ("level",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"manifest\.csv: is empty; expected a line with the names of the columns"),
        ("\n\n", r"manifest\.csv: is empty; expected a line with the names of the columns"),
        (b"media\n\xe9.mp4\n", "not a CSV file in UTF-8 .*can't decode byte 0xe9"),
        ('media,text\na.mp4,"open\n', r"line 2: not CSV \(unexpected end of data\)"),
        ("media,text\na.mp4,one, two\n", "line 2: has 3 cells; expected 2, as many as the header"),
        ('media,text\n\na.mp4,"one\ntwo"\n\nb.mp4,one, two\n', "line 6: has 3 cells; expected 2"),
        ("Media,text\na.mp4,one\n", r"has no column 'media' \(found: Media, text\); did you mean 'Media'\?"),
        ("file,text\na.mp4,one\n", r"has no column 'media' \(found: file, text\); known: file, text"),
        ("media,text\n", "has no rows; expected one per segment"),
        ("media,x,media\na,1,b\n", "column 3 is called 'media' like one before it; expected a name of its own"),
        ("media,\na.mp4,1\n", "column 2 has no name; expected a name of its own"),
        ('media\na.mp4\n""\n', r"manifest\.csv, line 3: column 'media' is empty; expected a path, or a duration"),
        ("recording,media,sound,duration\na,,b.wav,2\n", "line 2: column 'sound' is given and 'media' is empty; give"),
        ("media,duration\n,2\n", "line 2: columns 'media' and 'recording' are empty; expected one of them"),
        ("media,duration\na.mp4,2\n", "line 2: columns 'media' and 'duration' are given; expected one"),
        ("media,recording,duration\n,a,0\n", "line 2: column 'duration' is 0.0; expected more than 0 s"),
        ("media,start\na.mp4,0\nb.mp4,x\n", "line 3: column 'start' is 'x'; expected seconds"),
        ("media,end\na.mp4,nan\n", "line 2: column 'end' is 'nan'; expected seconds"),
        ("media,end\na.mp4,inf\n", "line 2: column 'end' is 'inf'; expected seconds"),
        (
            "media,start,end\na.mp4,2,1\n",
            r"manifest\.csv, line 2: segment 'a' ends at 1.0 s, not after its start at 2.0 s",
        ),
        ("media,label\na.mp4,1\nb.mp4,inf\n", "line 3: label 'label' is inf; expected a finite number"),
        ("media\na.mp4\na.wav\n", "line 3: recording 'a' differs in media from the row further up"),
        (
            "media,transcript\na.mp4,a.txt\na.mp4,\n",
            "line 3: recording 'a' differs in transcript from the row further up",
        ),
        (
            "media,fps,recording\na,25,r\na,30,r\n",
            "line 3: recording 'r' differs in frames per second from the row further up",
        ),
        ("media,rotation\na,45\n", "line 2: column 'rotation' is '45'; expected 0, 90, 180 or 270 degrees"),
        ("media,fps\na,25 Hz\n", "line 2: column 'fps' is '25 Hz'; expected frames per second, more than 0"),
        ("media,fps\na,0\n", "line 2: column 'fps' is '0'; expected frames per second"),
        ("media,fps\na,inf\n", "line 2: column 'fps' is 'inf'; expected frames per second"),
        (
            "media,audio_clock\na.mp4,\nb.mp4,0.5\n",
            r"manifest\.csv, line 3: column 'audio_clock' is '0\.5'; expected 'shift SECONDS', 'set SECONDS' or 'remap",
        ),
        ("media,video_clock\na.mp4,set x\n", "line 2: column 'video_clock' is 'set x'; expected seconds, found 'x'"),
        (
            "media,video_clock\na.mp4,remap 0:1\n",
            "line 2: column 'video_clock' is 'remap 0:1'; remap has 1 points; expected two or more",
        ),
        (
            "media,transcript_clock\na.mp4,shift 1\n",
            "line 2: column 'transcript_clock' is given and 'transcript' is empty; expected both",
        ),
        (
            "media,audio_clock\na.mp4,shift 1\na.mp4,\n",
            "line 3: recording 'a' differs in clock from the row",
        ),
        ("media,segment\na.mp4,s\nb.mp4,s\n", r"manifest\.csv, line 3: the segment id 's' is that of line 2; ids must"),
        ("media,segment\na.mp4,\na.mp4,a_0\n", "line 3: the segment id 'a_0' is that of line 2; ids must be unique"),
        (
            "media,x\n\n\na.mp4,1\n\nb.mp4,two\n",
            r"line 6: label 'x' is 'two' among numbers; expected a number, or a column called 'text:\.\.\.' where all",
        ),
        ("media,x\na.mp4,1\nb.mp4,NA\nc.mp4,2\n", "line 3: label 'x' is 'NA' among numbers; expected a number"),
        ("media,x\na.mp4,a\nb.mp4,b\nc.mp4,7\n", "line 4: label 'x' is '7' among text; expected no number"),
        ("media,x\na.mp4,1\nb.mp4,nan\n", "line 3: label 'x' is 'nan'; expected a value, or an empty cell for none"),
        ("media,x\na.mp4,joy\nb.mp4,NaN\n", "line 3: label 'x' is 'NaN'; expected a value, or an empty cell"),
        ("media,x,text:x\na.mp4,1,a\n", "columns 'x' and 'text:x' are the same label; expected one of them"),
        ("media,start\n\na.mp4,0\n\nb.mp4,x\n", "line 5: column 'start' is 'x'; expected seconds"),
        (
            "media,annotation:arousal,start,end\na.mp4,a.csv,0,1\na.mp4,,1,2\n",
            "line 3: recording 'a' differs in annotations from the row further up",
        ),
        (
            "media,features:pose,entry:pose\na.mp4,,a\n",
            "line 2: column 'entry:pose' is given and 'features:pose' is empty; expected both",
        ),
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
