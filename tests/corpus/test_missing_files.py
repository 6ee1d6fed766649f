from pathlib import Path

from trimodal.corpus import Corpus, Recording, Segment, read_corpus
from trimodal.corpus.annotations import Annotation
from trimodal.corpus.features import FeatureFile
from trimodal.corpus.missing_files import missing_files


def test_every_file_that_is_named_is_looked_for_once(tmp_path: Path) -> None:
    (tmp_path / "b.wav").touch()
    shared = FeatureFile(name="f", path=tmp_path / "f.csd", entry="x")
    recordings = (
        Recording(
            id="a",
            media=tmp_path / "a.mp4",
            sound=tmp_path / "b.wav",
            transcript=tmp_path / "sub/a.srt",
            annotations=(Annotation(name="valence", path=tmp_path / "v.csv"),),
            features=(shared,),
        ),
        Recording(id="b", duration_seconds=1.0, features=(shared,)),
        Recording(id="c", media=Path("/nowhere/c.mp4")),
        Recording(id="d", media=tmp_path / f"{'d' * 300}.mp4"),
    )
    segments = (Segment(id="s", recording="b", transcript=tmp_path / "s.wdseg"),)
    corpus = Corpus(root=tmp_path, layout="x", recordings=recordings, segments=segments)
    expected = ["a.mp4", "sub/a.srt", "v.csv", "f.csd", "/nowhere/c.mp4", f"{'d' * 300}.mp4", "s.wdseg"]
    assert missing_files(corpus) == expected


def test_a_list_with_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("media\na.wav\nb.wav\nc.wav\n")
    (tmp_path / "b.wav").touch()
    assert read_corpus(tmp_path).problems == ("2 files are listed and not there: a.wav, c.wav",)
    (tmp_path / "wav.scp").write_text("b b.wav\n")
    assert read_corpus(tmp_path, "kaldi").problems == ()
