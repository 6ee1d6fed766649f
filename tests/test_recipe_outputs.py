"""Recipes: the keys of outputs."""

from typing import Any

import pytest

from trimodal.errors import ParameterError, RecipeError
from trimodal.recipe import OutputSpec, PooledTrack, parse_recipe
from trimodal.recipe.model import By, Groups, While
from trimodal.recipe.pools import STATISTICS, Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool, describe
from trimodal.recipe.timelines import (
    FramesTimeline,
    GridTimeline,
    LabelsTimeline,
    OwnTimeline,
    SegmentTimeline,
    Timeline,
    TokensTimeline,
    WindowsTimeline,
    WordsTimeline,
)

TRACKS = "tracks: {mfcc: {}, words: {}, tokens: {extractor: words}, voice_activity: {}, face: {extractor: mfcc}}\n"
MEAN = Functionals(statistics=("mean",))


def output(lines: str) -> OutputSpec:
    """Return an output of lines that stand below ``out``, from line 4 on."""
    indented = "".join(f"    {line}\n" for line in lines.split("\n"))
    return parse_recipe(f"{TRACKS}align:\n  out:\n{indented}", "r.yaml").align["out"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *((name, Functionals(statistics=(name,))) for name in STATISTICS),
        ("functionals", Functionals(statistics=("mean", "std"))),
        ("{functionals: {statistics: [max, first, sum]}}", Functionals(statistics=("max", "first", "sum"))),
        ("nearest", Nearest()),
        ("{nearest: {tolerance_seconds: 0.1}}", Nearest(tolerance_seconds=0.1)),
        ("linear", Linear(max_gap_seconds=1.0)),
        ("{linear: {max_gap_seconds: 0.2}}", Linear(max_gap_seconds=0.2)),
        ("{pchip: {max_gap_seconds: 3}}", Pchip(max_gap_seconds=3.0)),
        ("intersect", Intersect(epsilon_seconds=1e-5)),
        ("{intersect: {epsilon_seconds: 0}}", Intersect(epsilon_seconds=0.0)),
        ("{inside: }", Inside()),
    ],
)
def test_pools(given: str, expected: Pool) -> None:
    found = output(f"tracks: [mfcc, face]\ntimeline: words\npool: {given}")
    assert found.tracks == (PooledTrack(name="mfcc", pool=expected), PooledTrack(name="face", pool=expected))
    assert output(f"tracks: {{mfcc: {given}, face: }}\ntimeline: words").tracks == (
        PooledTrack(name="mfcc", pool=expected),
        PooledTrack(name="face", pool=MEAN),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("words", WordsTimeline(track="words")),
        ("tokens", TokensTimeline(track="tokens")),
        ("{tokens: {track: words}}", TokensTimeline(track="words")),
        ("{frames: {track: face}}", FramesTimeline(track="face")),
        ("{labels: {track: mfcc}}", LabelsTimeline(track="mfcc")),
        ("{grid: {rate_hz: 25}}", GridTimeline(rate_hz=25.0)),
        ("segment", SegmentTimeline()),
        ("none", OwnTimeline()),
        ("{windows: {length_seconds: 4, hop_seconds: 0.04}}", WindowsTimeline(length_seconds=4, hop_seconds=0.04)),
        (
            "{windows: {length_seconds: 4, hop_seconds: 1, tail: anchor}}",
            WindowsTimeline(length_seconds=4, hop_seconds=1, tail="anchor"),
        ),
    ],
)
def test_timelines(given: str, expected: Timeline) -> None:
    found = output(f"tracks: [mfcc]\ntimeline: {given}").timeline
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gaps: hold", {"gaps": "hold"}),
        ("gaps: interpolate", {"gaps": "interpolate"}),
        ("only_while: {}", {"only_while": While(track="voice_activity", column="speech", at_least=0.5)}),
        (
            "only_while: {track: face, column: smile, at_least: -1}",
            {"only_while": While(track="face", column="smile", at_least=-1.0)},
        ),
        ("by: {tracks: {Zoë: face, B: mfcc}}", {"by": By(column="speaker", tracks={"Zoë": "face", "B": "mfcc"})}),
        ("by: {column: side, tracks: {right: face}}", {"by": By(column="side", tracks={"right": "face"})}),
        ("groups: {size: 10, hop: 5}", {"groups": Groups(size=10, hop=5, tail="drop", length=None)}),
        ("groups: {size: 5, hop: 5, tail: pad, length: 10}", {"groups": Groups(size=5, hop=5, tail="pad", length=10)}),
        ("max_length: 50\nkeep: last", {"max_length": 50, "keep": "last"}),
    ],
)
def test_other_keys(line: str, expected: dict[str, Any]) -> None:
    plain = OutputSpec(tracks=(PooledTrack(name="mfcc", pool=MEAN),), timeline=SegmentTimeline())
    assert output("tracks: [mfcc]\ntimeline: segment") == plain
    assert output(f"tracks: [mfcc]\ntimeline: segment\n{line}") == OutputSpec(
        tracks=plain.tracks, timeline=plain.timeline, **expected
    )


def test_an_output_uses_every_track_that_it_names() -> None:
    found = output("tracks: [mfcc]\ntimeline: tokens\nby: {tracks: {A: face}}\nonly_while: {}")
    assert found.used_tracks() == {"mfcc", "tokens", "face", "voice_activity"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("timeline: words\npool: maen", "line 5: align.out.pool: no pool is called 'maen'; did you mean 'mean'?"),
        (
            "timeline: words\npool: {maxx: }",
            "line 5: align.out.pool: no pool is called 'maxx'; did you mean 'max'?",
        ),
        (
            "timeline: words\npool: {max: {a: 1}}",
            "line 5: align.out.pool: 'max' has no parameters; expected 'pool: max'",
        ),
        ("timeline: words\npool: {max: , min: }", "line 5: align.out.pool: a pool has one name, found 2"),
        (
            "timeline: words\npool: {nearest: {tolerance: 1}}",
            "line 5: align.out.pool.nearest.tolerance: unknown key 'tolerance'; did you mean 'tolerance_seconds'?",
        ),
        (
            "timeline: words\npool: {nearest: {tolerance_seconds: -1}}",
            "line 5: align.out.pool.nearest: tolerance_seconds must be at least 0, found -1",
        ),
        (
            "timeline: words\npool:\n  linear: {max_gap_seconds: 0}",
            "line 6: align.out.pool.linear: max_gap_seconds must be positive, found 0",
        ),
        (
            "timeline: words\npool: {intersect: {epsilon_seconds: -1}}",
            "line 5: align.out.pool.intersect: epsilon_seconds must be at least 0, found -1",
        ),
        (
            "timeline: words\npool: {inside: {x: 1}}",
            "line 5: align.out.pool.inside.x: unknown key 'x'; there are none",
        ),
        (
            "timeline: words\npool: {functionals: {statistics: []}}",
            "line 5: align.out.pool.functionals: 'statistics' must name at least one, and each once",
        ),
        (
            "timeline: words\npool: {functionals: {statistics: [max, max]}}",
            "line 5: align.out.pool.functionals: 'statistics' must name at least one, and each once",
        ),
        (
            "timeline: words\npool: {functionals: {statistics: [median]}}",
            "line 5: align.out.pool.functionals.statistics.0: '0' is \"median\"; expected 'mean', 'std'",
        ),
        ("timeline: frames", "line 4: align.out.timeline.frames: the key 'track' is missing"),
        (
            "timeline: {frames: {track: fase}}",
            "line 4: align.out.timeline: no track is called 'fase'; did you mean 'face'?",
        ),
        (
            "timeline: {windows: {length_seconds: 4}}",
            "line 4: align.out.timeline.windows: the key 'hop_seconds' is missing",
        ),
        (
            "timeline: {windows: {length_seconds: 0, hop_seconds: 1}}",
            "line 4: align.out.timeline.windows: a window's length_seconds must be at least 0.0001, found 0",
        ),
        (
            "timeline:\n  windows:\n    {length_seconds: 1, hop_seconds: 1, tail: cut}",
            "line 6: align.out.timeline.windows.tail: 'tail' is \"cut\"; expected 'drop', 'anchor', 'pad' or 'partial'",
        ),
        ("timeline: {none: {track: x}}", "line 4: align.out.timeline.none.track: unknown key 'track'; there are none"),
        (
            "timeline: words\nmax_length: 0",
            "line 5: align.out.max_length: max_length must be at least 1, found 0",
        ),
        (
            "timeline: words\nmax_length: 1.5",
            "line 5: align.out.max_length: 'max_length' is 1.5; expected a valid integer",
        ),
        ("timeline: words\nkeep: middle", "line 5: align.out.keep: 'keep' is \"middle\"; expected 'first' or 'last'"),
        ("timeline: words\ngroups: {size: 5}", "line 5: align.out.groups: the key 'hop' is missing"),
        (
            "timeline: words\ngroups: {size: 0, hop: 1}",
            "line 5: align.out.groups: size and hop of groups must be at least 1, found 0 and 1",
        ),
        (
            "timeline: words\ngroups: {size: 5, hop: 5, length: 4}",
            "line 5: align.out.groups: the length of groups must be at least their size 5, found 4",
        ),
        (
            "timeline: words\ngroups: {size: 5, hop: 5, tail: keep}",
            "line 5: align.out.groups.tail: 'tail' is \"keep\"; expected 'drop' or 'pad'",
        ),
        (
            "timeline: words\nby:\n  tracks: {A: fase}",
            "line 5: align.out.by: no track is called 'fase'; did you mean 'face'?",
        ),
        ("timeline: words\nby: face", "line 5: align.out.by: 'by' is \"face\"; expected a"),
        (
            "timeline: words\nonly_while: {track: voice_activty}",
            "line 5: align.out.only_while: no track is called 'voice_activty'; did you mean 'voice_activity'?",
        ),
        (
            "timeline: words\nonly_while: {colum: speech}",
            "line 5: align.out.only_while.colum: unknown key 'colum'; did you mean 'column'?",
        ),
        (
            "timeline: words\nonly_while: {at_least: a}",
            "line 5: align.out.only_while.at_least: 'at_least' is \"a\"; expected a valid number",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(lines: str, message: str) -> None:
    with pytest.raises(RecipeError, match=r"^r\.yaml, line ") as caught:
        output(f"{lines}\ntracks: [mfcc]")
    assert str(caught.value).startswith(f"r.yaml, {message}")


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        ("[mfcc, mfcc]", "a track occurs twice; expected each once"),
        ("{}", "'tracks' is empty; expected at least one track"),
        ("5", "'tracks' is 5; expected a list of names, or names with their pools"),
        ("[mfcc, 5]", "'tracks' is [\"mfcc\", 5]; expected a list of names, or names with their pools"),
    ],
)
def test_tracks_are_names_each_once(tracks: str, message: str) -> None:
    with pytest.raises(RecipeError, match=r"^r\.yaml, line ") as caught:
        output(f"timeline: words\ntracks: {tracks}")
    assert str(caught.value) == f"r.yaml, line 5: align.out.tracks: {message}"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_parameters_of_pools_are_finite(value: float) -> None:
    with pytest.raises(ParameterError, match=r"^tolerance_seconds must be at least 0, found"):
        Nearest(tolerance_seconds=value)
    with pytest.raises(ParameterError, match=r"^max_gap_seconds must be positive, found"):
        Linear(max_gap_seconds=value)
    with pytest.raises(ParameterError, match=r"^epsilon_seconds must be at least 0, found"):
        Intersect(epsilon_seconds=value)


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (Functionals(), "mean and std"),
        (Nearest(), "nearest"),
        (Nearest(tolerance_seconds=0.5), "nearest within 0.5 s"),
        (Linear(), "linear across at most 1 s"),
        (Pchip(max_gap_seconds=0.2), "pchip across at most 0.2 s"),
        (Intersect(), "intersect"),
        (Inside(), "inside"),
    ],
)
def test_pools_in_words(pool: Pool, words: str) -> None:
    assert describe(pool) == words
