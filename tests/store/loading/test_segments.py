import pickle
from pathlib import Path

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, RECORDINGS, write_store

from trimodal.errors import ParameterError, StoreError
from trimodal.store import FeatureStore
from trimodal.store.loading import Segments, TimeStepNoise


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("segments") / "s.store", statistics={"train": ("train",)})


def test_samples_are_those_of_the_store(path: Path) -> None:
    store, segments = FeatureStore(path), Segments(path)
    assert len(segments) == len(store) == 9
    for number in range(9):
        one, other = segments[number], store[number]
        assert (one.id, dict(one.labels)) == (other.id, dict(other.labels))
        for name in OUTPUTS:
            for part in ("values", "times", "mask", "coverage"):
                np.testing.assert_array_equal(getattr(one.outputs[name], part), getattr(other.outputs[name], part))


@pytest.mark.parametrize("augment", [[], [TimeStepNoise(outputs=["text"], deviation=1)]])
def test_gathered_segments_are_those_samples(path: Path, augment: list[TimeStepNoise]) -> None:
    chosen = FeatureStore(path).select(query="valence > 0")
    segments = Segments(chosen, normalise={"text": "standard", "video": "per_segment"}, augment=augment)
    places = [3, 0, 4, 0]
    gathered, samples = segments.gather(2, places), [segments[2, place] for place in places]
    assert gathered.ids == [sample.id for sample in samples]
    assert gathered.labels == {name: [sample.labels[name] for sample in samples] for name in LABELS}
    assert gathered.outputs.keys() == OUTPUTS.keys()
    for name, rows in gathered.outputs.items():
        for sample, values, mask in zip(samples, rows.values, rows.mask, strict=True):
            np.testing.assert_array_equal(values, sample.outputs[name].values)
            np.testing.assert_array_equal(mask, sample.outputs[name].mask)
            assert values.dtype == np.float32


def test_what_a_selection_and_a_split_have_in_common(path: Path) -> None:
    chosen = FeatureStore(path).select(query="valence > 0")
    assert Segments(chosen).indices.tolist() == [1, 2, 5, 6, 8]
    assert Segments(chosen, "valid").indices.tolist() == [1, 5, 8]
    assert Segments(path, ["train", "test"]).indices.tolist() == [0, 2, 3, 4, 6, 7]
    assert Segments(chosen, "valid").lengths("text").tolist() == [4, 0, 0]


def test_outputs(path: Path) -> None:
    segments = Segments(path, outputs=["video"])
    assert set(segments[1].outputs) == {"video"}
    with pytest.raises(StoreError, match="no output is called 'vdeo'; did you mean 'video'"):
        Segments(path, outputs=["vdeo"])
    with pytest.raises(StoreError, match="output 'text' is to be normalised, but is not among video"):
        Segments(path, outputs=["video"], normalise={"text": "standard"})
    with pytest.raises(StoreError, match="no output is called 'txt'; did you mean 'text'"):
        Segments(path, normalise={"txt": "standard"})
    with pytest.raises(ParameterError, match=r"outputs: 'text'; expected several names: \['text'\]"):
        Segments(path, outputs="text")
    with pytest.raises(ParameterError, match="seed: -1; expected a whole number from 0"):
        Segments(path, seed=-1)


def test_output_that_would_hide_the_labels(tmp_path: Path) -> None:
    content = RECORDINGS["one"]
    renamed = {"labels": content.outputs["text"], "video": content.outputs["video"]}
    schemas = {"labels": OUTPUTS["text"], "video": OUTPUTS["video"]}
    recording = type(content)(segments=content.segments, outputs=renamed, gaps=content.gaps)
    path = write_store(tmp_path / "s.store", {"one": recording}, outputs=schemas)
    with pytest.raises(StoreError, match="output 'labels' would hide the labels of a batch; leave it out of 'outputs'"):
        Segments(path)
    assert Segments(path, outputs=["video"])[1].labels.keys() == LABELS.keys()


def test_pickle_holds_no_rows(path: Path) -> None:
    segments = Segments(path, "train", normalise={"text": "standard"})
    segments[0]
    pickled = pickle.dumps(segments)
    assert len(pickled) < 10_000
    np.testing.assert_array_equal(pickle.loads(pickled)[0].outputs["text"].values, segments[0].outputs["text"].values)
