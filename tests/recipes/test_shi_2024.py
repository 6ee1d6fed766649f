"""CMU-MOSI with its videos through BERT, librosa and OpenFace (a program of known numbers stands in) to MultiBench."""

import pickle
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from miniature_mmsa import SIMS, write_sims
from miniature_mosi import BEEP_SECONDS, VIDEOS, write_mosi
from numpy.typing import NDArray

from trimodal.corpus import read_corpus
from trimodal.exchange import export
from trimodal.extract.track_file import read_track
from trimodal.pipeline import RunReport, run
from trimodal.recipe import Recipe, dry_recipe, load_recipe
from trimodal.store import FeatureStore, verify
from trimodal.track import Track

pytestmark = pytest.mark.xdist_group("shi_2024")

SHAPES = {"text": (768,), "audio": (128 + 20,), "vision": (6 + 136 + 35,)}
PROGRAM = """\
#!{python}
# Says of every picture that all numbers of the face in it are the picture's number, counted from 1.
import pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
pictures = sorted(pathlib.Path(given["-fdir"]).iterdir())
folder = pathlib.Path(given["-out_dir"])
folder.mkdir(exist_ok=True)
columns = {columns!r}
lines = [", ".join(["frame", "face_id", "timestamp", "confidence", "success", *columns])]
for frame in range(1, len(pictures) + 1):
    lines.append(", ".join([str(frame), "0", "0.0", "0.98", "1", *[str(frame)] * len(columns)]))
(folder / "frames.csv").write_text("\\n".join(lines) + "\\n")
"""


def openface_of_known_numbers(path: Path, columns: tuple[str, ...]) -> Path:
    path.write_text(PROGRAM.format(python=sys.executable, columns=columns))
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The recipe with a stand-in for BERT."""
    folder = tmp_path_factory.mktemp("dry")
    columns = load_recipe("shi-2024").tracks["openface"].schema["values"].columns
    program = openface_of_known_numbers(folder / "FeatureExtraction", columns)
    recipe = load_recipe("shi-2024", [f"tracks.openface.binary={program}"])
    dry = dry_recipe(recipe, folder)
    return replace(dry, tracks={**dry.tracks, "openface": recipe.tracks["openface"]})


@pytest.fixture(scope="module")
def report(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("mosi")
    report = run(read_corpus(write_mosi(folder / "MOSI")), recipe, folder / "mosi.store")
    assert report.extraction.failures == ()
    return report


@pytest.fixture(scope="module")
def store(report: RunReport) -> FeatureStore:
    return FeatureStore(report.store, dry_weights=True)


def track_of(report: RunReport, recipe: Recipe, name: str) -> Track:
    """Return a track of the first video."""
    return read_track(report.extraction.recordings[0].paths[name], recipe.tracks[name].schema)


def mean_of_touching(track: Track, start: float, end: float) -> NDArray[np.float64]:
    shared = np.minimum(track.times[:, 1], end) - np.maximum(track.times[:, 0], start)
    return track.values[shared > 1e-5].astype(np.float64).mean(axis=0)


def test_names_shapes_types_and_splits(store: FeatureStore) -> None:
    assert verify(store.path) == []
    assert {name: (one.shape, one.dtype) for name, one in store.outputs.items()} == {
        name: (shape, "float32") for name, shape in SHAPES.items()
    }
    assert [name.partition(".")[0] for name in store.outputs["audio"].names] == ["mel"] * 128 + ["mfcc"] * 20
    assert store.outputs["vision"].names[0] == "openface.pose_Tx"
    assert store.segments["split"].tolist() == ["train", "train", "train", "valid", "test", "test"]
    assert store.segments["text"].iloc[0] == "I LOVE THIS MOVIE"


def test_words_have_the_times_of_the_sequence(store: FeatureStore) -> None:
    """A word across a boundary is where its middle is."""
    for output in SHAPES:
        assert store.text(output, 0) == ["i", "love", "this", "movie"]
        assert store.rows(output, 0).times.tolist() == [[1.0, 1.25], [1.25, 1.75], [2.0, 2.5], [2.5, 3.125]]
        assert store.text(output, 1) == ["umm", "really", "good"]
        assert store.rows(output, 0).mask.all()


def test_the_tone_is_in_its_word(report: RunReport, recipe: Recipe, store: FeatureStore) -> None:
    """1 kHz for 0.1 s while `love` is said, and silence else; row k is 2048 samples of 22,050 Hz every 512."""
    audio = store.rows("audio", 0).values
    mel = audio[:, :128]
    assert VIDEOS["03bSnISJMiM"].words[2][1] < BEEP_SECONDS < VIDEOS["03bSnISJMiM"].words[2][2]
    assert 950 < _band_hertz()[mel[1].argmax()] < 1050
    assert mel[1].max() > 1000 * mel[[0, 2, 3]].max()
    for name, columns in (("mel", slice(0, 128)), ("mfcc", slice(128, 148))):
        track = track_of(report, recipe, name)
        np.testing.assert_allclose(np.diff(track.times[:20, 0]), 512 / 22050, rtol=1e-9)
        for row, (start, end) in enumerate(store.rows("audio", 0).times):
            expected = mean_of_touching(track, start, end)
            np.testing.assert_allclose(audio[row, columns], expected, rtol=1e-4, atol=1e-6)


def _band_hertz() -> NDArray[np.float64]:
    """Return the middles of librosa's 128 mel bands."""
    import librosa

    return np.asarray(librosa.mel_frequencies(n_mels=130, fmin=0, fmax=11025)[1:-1])


def test_frames_of_every_word(store: FeatureStore) -> None:
    """25 frames a second; frame k, from 1, is [k - 1, k) / 25 s and holds k: [1.25, 1.75) touches 32 to 44."""
    np.testing.assert_allclose(store.rows("vision", 0).values[1], np.mean(range(32, 45)))
    np.testing.assert_allclose(store.rows("vision", 0).values[2], np.mean(range(51, 64)))


def test_the_last_fifty_and_the_side_of_the_zeros(store: FeatureStore, tmp_path: Path) -> None:
    options = {"text": "text", "audio": "audio", "vision": "vision", "label": "sentiment"}
    assert export(store, "multibench", tmp_path / "mosi.pkl", options) == [
        "vision has 177 columns; some loaders keep the first 35"
    ]
    with open(tmp_path / "mosi.pkl", "rb") as file:
        data = pickle.load(file)
    assert {split: content["labels"].ravel().tolist() for split, content in data.items()} == {
        "train": [np.float32(2.4), np.float32(-0.8), 0.0],
        "valid": [-3.0],
        "test": [1.0, np.float32(-1.6)],
    }
    train = data["train"]
    assert [train[key].shape for key in SHAPES] == [(3, 50, *shape) for shape in SHAPES.values()]
    for key in SHAPES:
        assert not train[key][0, :46].any()
        np.testing.assert_array_equal(train[key][0, 46:], store.rows(key, 0).values)
        np.testing.assert_array_equal(train[key][2], store.rows(key, 2).values)
    assert store.rows("text", 2).times[0, 0] == VIDEOS["2iD-tVS8NPw"].words[10][1]  # 10 of 60 words are cut off


def test_everything_as_stand_ins(tmp_path: Path) -> None:
    corpus = read_corpus(write_mosi(tmp_path / "MOSI"))
    shortest = replace(
        corpus,
        recordings=tuple(one for one in corpus.recordings if one.id == "c5xsKMxpXnc"),
        segments=tuple(one for one in corpus.segments if one.recording == "c5xsKMxpXnc"),
    )
    run(shortest, dry_recipe(load_recipe("shi-2024"), tmp_path / "dry"), tmp_path / "s")
    store = FeatureStore(tmp_path / "s", dry_weights=True)
    assert {name: one.shape for name, one in store.outputs.items()} == SHAPES


def test_ch_sims_has_a_row_for_every_character(tmp_path: Path) -> None:
    """As the page says: another label, another BERT, and every character is a word; the last 50 are kept."""
    page = (Path(__file__).parents[2] / "docs/recipes/shi-2024.md").read_text()
    (command,) = re.findall(r"trimodal run CH-SIMS (.*?)\ntrimodal", page, re.DOTALL)
    changes = [one for one in shlex.split(command.replace("\\\n", " "))[4:] if one != "--set"]
    assert len(changes) == 5
    recipe = dry_recipe(load_recipe("shi-2024", changes), tmp_path / "dry")
    report = run(read_corpus(write_sims(tmp_path / "CH-SIMS")), recipe, tmp_path / "sims.store")
    assert report.extraction.failures == ()
    store = FeatureStore(report.store, dry_weights=True)
    assert store.segments["label"].tolist() == [row.label for row in SIMS]
    for number, row in enumerate(SIMS):
        characters = list(row.text.replace("好,", "好"))
        said = store.text("text", number)
        assert [word.strip(",") for word in said] == characters[-50:]
        for output, shape in SHAPES.items():
            rows = store.rows(output, number)
            assert rows.values.shape == (len(said), *shape) and store.text(output, number) == said
        mel = read_track(report.extraction.recordings[number].paths["mel"], recipe.tracks["mel"].schema)
        audio = store.rows("audio", number)
        for values, mask, (start, end) in zip(audio.values, audio.mask, audio.times, strict=True):
            assert mask and 0 <= start < end
            np.testing.assert_allclose(values[:128], mean_of_touching(mel, start, end), rtol=1e-4, atol=1e-6)
    options = {"text": "text", "audio": "audio", "vision": "vision", "label": "label"}
    export(store, "multibench", tmp_path / "sims_raw.pkl", options)
    data = pickle.loads((tmp_path / "sims_raw.pkl").read_bytes())
    assert {split: len(content["labels"]) for split, content in data.items()} == {"train": 2, "valid": 1, "test": 1}
    assert data["train"]["text"].shape == (2, 50, 768)
    for place, row in enumerate(SIMS[:2]):
        words = len(row.text.replace(",", ""))
        assert (
            not data["train"]["text"][place, :-words].any() and data["train"]["text"][place, -words:].any(axis=1).all()
        )
