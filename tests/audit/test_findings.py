"""Leaks that publications had, planted in stores and found; and stores without any."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import LABELS, OUTPUTS, Recording, recording, store_writer

from trimodal.audit import audit
from trimodal.audit.findings import observed_by_split
from trimodal.cli import main
from trimodal.errors import UsageError
from trimodal.store import FeatureStore, SegmentRow

TEXTS = {
    "a": "the first thing that anybody says here",
    "b": "something completely different follows after that",
    "c": "nobody could have expected the third sentence",
    "d": "finally a fourth one which ends the matter",
}


def clean() -> dict[str, Recording]:
    """Four recordings of three segments; every speaker and recording in one split, every mood in each."""
    splits = {"a": "train", "b": "train", "c": "valid", "d": "test"}
    return {
        name: with_segments(recording(name, (2, 3, 4)), split=split, text=TEXTS[name]) for name, split in splits.items()
    }


def with_segments(content: Recording, **changes: Any) -> Recording:
    return replace(content, segments=[replace(segment, **changes) for segment in content.segments])


def with_segment(content: Recording, number: int, **changes: Any) -> Recording:
    segments: list[SegmentRow] = list(content.segments)
    segments[number] = replace(segments[number], **changes)
    return replace(content, segments=segments)


@dataclass(frozen=True, kw_only=True)
class Made:
    media: Mapping[str, str]
    tracks: Mapping[str, str]


def write(path: Path, recordings: Mapping[str, Recording], made: Made | None = None, **changes: Any) -> FeatureStore:
    made = made or Made(media={}, tracks={})
    with store_writer(path, **({"statistics": {"train": ("train",)}} | changes)) as writer:
        for name, content in recordings.items():
            sources = {"media": made.media.get(name, f"hash of {name}")}
            made_by = {track: [text] for track, text in made.tracks.items()}
            writer.append(content.segments, content.outputs, content.gaps, sources, made_by)
        writer.commit()
    return FeatureStore(path)


def test_nothing_is_found_where_nothing_leaks(tmp_path: Path) -> None:
    assert audit(write(tmp_path / "s.store", clean())) == []


def test_a_store_without_splits(tmp_path: Path) -> None:
    recordings = {name: with_segments(content, split="") for name, content in clean().items()}
    assert audit(write(tmp_path / "s.store", recordings, statistics={})) == []


def test_validation_segments_that_are_also_in_train(tmp_path: Path) -> None:
    """As where a train loader was given the union of all splits: the same stretches under other ids."""
    recordings = clean()
    train, valid = recordings["a"], recordings["c"]
    copies = [replace(one, id=f"{one.id} again", split="train") for one in valid.segments]
    both = {name: doubled(valid.outputs[name]) for name in OUTPUTS}
    recordings["c"] = replace(valid, segments=[*valid.segments, *copies], outputs=both)
    assert train.segments[0].split == "train"
    found = audit(write(tmp_path / "s.store", recordings))
    assert found == [
        "speaker: 1 of 4 in several splits (train+valid 1): Zoë c",
        "recording: 1 of 4 in several splits (train+valid 1): c",
        "3 segments overlap one of another split in the same recording: c_0 again, c_1 again, c_2 again",
        "1 pairs of texts of 5 words or more are nearly the same in two splits (train+valid 1): c_0 and c_0 again",
    ]


def doubled(one: Any) -> Any:
    join = np.concatenate
    fields = {name: join([getattr(one, name)] * 2) for name in ("values", "times", "mask", "coverage")}
    offsets = join([one.offsets, one.offsets[1:] + one.offsets[-1]])
    return replace(one, **fields, offsets=offsets, text=None if one.text is None else join([one.text] * 2))


def test_the_same_file_under_two_names(tmp_path: Path) -> None:
    store = write(tmp_path / "s.store", clean(), Made(media={"a": "same", "d": "same"}, tracks={}))
    assert audit(store) == ["recordings of the same media file are in the splits test, train: a, d"]


def test_normalisation_from_test(tmp_path: Path) -> None:
    tables = {"train": ("train",), "train+test": ("train", "test"), "valid": ("valid",)}
    assert audit(write(tmp_path / "s.store", clean(), statistics=tables)) == [
        "statistics 'train+test' are of test; expected those of train alone",
        "statistics 'valid' are of valid; expected those of train alone",
    ]


def test_statistics_of_folds(tmp_path: Path) -> None:
    folds = {"a": "fold0", "b": "fold1", "c": "fold1", "d": "fold2"}
    recordings = {name: with_segments(content, split=folds[name]) for name, content in clean().items()}
    whole = {"without fold0": ("fold1", "fold2"), "without fold1": ("fold0", "fold2")}
    assert audit(write(tmp_path / "s.store", recordings, statistics=whole)) == []
    assert audit(write(tmp_path / "t.store", clean(), statistics={"without train": ("test", "valid")})) == [
        "statistics 'without train' are of test, valid; expected those of train alone"
    ]


EXTRACTOR = {
    "extractor": "timm_embedding",
    "parameters": {"architecture": "efficientnet_b1", "weights_file": "weights/radiant_fog_160.pth"},
}
LEAK = "track 'face': the model 'weights/radiant_fog_160.pth' was trained on SEWA, of which this store is"


@pytest.mark.parametrize(
    ("path", "name", "corpus", "found"),
    [
        ("sewa.store", "faces", None, [LEAK]),
        ("s.store", "sewa-video", None, [LEAK]),
        ("s.store", "faces", "sewa", [LEAK]),
        ("s.store", "faces", None, []),
        ("sewa.store", "faces", "IEMOCAP", []),
        ("iemocap.store", "faces", None, []),
    ],
)
def test_an_extractor_trained_on_the_corpus(
    path: str, name: str, corpus: str | None, found: list[str], tmp_path: Path
) -> None:
    made = Made(media={}, tracks={"face": json.dumps(EXTRACTOR)})
    assert audit(write(tmp_path / path, clean(), made, recipe_name=name), corpus=corpus) == found


def test_utterances_shared_out_at_random(tmp_path: Path) -> None:
    """Speakers and dialogues on both sides of the split."""
    recordings = clean()
    recordings["a"] = with_segment(recordings["a"], 1, split="test", text="words that nobody else in here uses")
    recordings["d"] = with_segments(recordings["d"], speaker="Zoë b")
    assert audit(write(tmp_path / "s.store", recordings)) == [
        "speaker: 2 of 3 in several splits (test+train 2): Zoë a, Zoë b",
        "recording: 1 of 4 in several splits (test+train 1): a",
    ]


def test_dialogues_that_are_a_label(tmp_path: Path) -> None:
    dialogues = {"a": "dia1", "b": "dia2", "c": "dia2", "d": ""}
    recordings = {
        name: replace(
            content,
            segments=[replace(one, labels={**one.labels, "dialogue": dialogues[name]}) for one in content.segments],
        )
        for name, content in clean().items()
    }
    store = write(tmp_path / "s.store", recordings, labels={**LABELS, "dialogue": "text"})
    shared = "dialogue: 1 of 2 in several splits (train+valid 1): dia2"
    assert shared in audit(store, groups=["dialogue"])
    assert shared not in audit(store)
    with pytest.raises(UsageError, match="no label is called 'dialog'; did you mean 'dialogue'"):
        audit(store, groups=["dialog"])


def test_nearly_the_same_text(tmp_path: Path) -> None:
    recordings = clean()
    recordings["d"] = with_segment(recordings["d"], 1, text="The FIRST thing that anybody says here!")
    (found,) = audit(write(tmp_path / "s.store", recordings))
    assert found == (
        "1 pairs of texts of 5 words or more are nearly the same in two splits (test+train 1): a_0 and d_1"
    )


def test_classes_that_train_lacks(tmp_path: Path) -> None:
    recordings = clean()
    recordings["d"] = with_segment(recordings["d"], 0, labels={"valence": 0.0, "mood": "furious"})
    store = write(tmp_path / "s.store", recordings)
    assert audit(store) == ["label 'mood': 1 classes are not in train: furious"]
    assert not [line for line in audit(store, groups=["mood"]) if "classes" in line]  # what names groups is no class


def test_segments_without_a_split(tmp_path: Path) -> None:
    recordings = clean()
    recordings["b"] = with_segments(recordings["b"], split="")
    assert audit(write(tmp_path / "s.store", recordings)) == ["3 of 12 segments are in no split: b_0, b_1, b_2"]


def test_a_modality_that_a_split_never_has(tmp_path: Path) -> None:
    recordings = clean()
    video = recordings["d"].outputs["video"]
    blind = replace(
        video,
        values=np.zeros_like(video.values),
        mask=np.zeros_like(video.mask),
        coverage=np.zeros_like(video.coverage),
    )
    recordings["d"] = replace(recordings["d"], outputs={**recordings["d"].outputs, "video": blind})
    store = write(tmp_path / "s.store", recordings)
    assert audit(store) == ["output 'video': nothing was observed in the split 'test' (3 segments)"]
    test = next(one for one in observed_by_split(store) if (one.output, one.split) == ("video", "test"))
    assert (test.rows, test.observed, test.coverage, test.segments, test.empty) == (9, 0, 0.0, 3, 3)


def test_what_was_observed_is_counted_by_split(tmp_path: Path) -> None:
    store = write(tmp_path / "s.store", clean(), shard_bytes=600)
    assert len(store.manifest.shards) > 1
    splits = store.segments["split"].to_numpy()
    for one in observed_by_split(store):
        rows = [store.rows(one.output, int(index)) for index in np.flatnonzero(splits == one.split)]
        assert one.segments == len(rows)
        assert one.rows == sum(map(len, rows))
        assert one.observed == sum(int(row.mask.sum()) for row in rows)
        assert one.empty == sum(not row.mask.any() for row in rows)
        assert one.coverage == pytest.approx(np.concatenate([row.coverage for row in rows]).mean())


@pytest.mark.parametrize("provenance", ['{"tracks": 3, "sources": [1]}', '{"tracks": {"a": {}}, "sources": {"a": 1}}'])
def test_provenance_of_anybody(provenance: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = write(tmp_path / "sewa.store", clean())
    monkeypatch.setattr(FeatureStore, "provenance", [json.loads(provenance)])
    assert audit(store) == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "s.store", clean())
    assert main(["audit", str(tmp_path / "s.store")]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("s.store: nothing found\n")
    assert "glad" in printed
    recordings = clean()
    recordings["d"] = with_segments(recordings["d"], speaker="Zoë a")
    write(tmp_path / "leaks.store", recordings)
    assert main(["audit", str(tmp_path / "leaks.store")]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("speaker: 1 of 3 in several splits (test+train 1): Zoë a\n")
    assert printed.endswith("leaks.store: 1 findings\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/none"], "no manifest.json in it; expected a feature store"),
        (["{tmp}/s.store", "--corpus", "SEVA"], "did you mean 'SEWA'"),
        (["{tmp}/s.store", "--group", "dialogue"], "no label is called 'dialogue'; known: mood, valence"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "s.store", clean())
    assert main(["audit", *(argument.format(tmp=tmp_path) for argument in arguments)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
