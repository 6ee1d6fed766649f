import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from trimodal.errors import RecipeError
from trimodal.recipe import load_recipe, recipe_text
from trimodal.recipe.changes import changed_text

TEXT = """\
# top
tracks:
  words: {}   # none
  bert: {model: "x", words: words}  # here
  mfcc:
  mel:   # what follows
    n_mels: 40  # bands
    hop_seconds:
    # of the next

align:
  audio: {tracks: [mfcc],
          timeline: words}
description: |
  long
  text

# end
labels:
  - a
  - b  # last
"""


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        ("tracks.bert.model=/models/bert", '"x"', '"/models/bert"'),
        ("tracks.bert.model=package:mini", '"x"', '"package:mini"'),
        ("tracks.bert.model=a#b", '"x"', '"a#b"'),
        ("tracks.bert.layers=[-1, -2]", "{model", "{layers: [-1, -2], model"),
        ("tracks.words.aligner=ctc", "{} ", '{aligner: "ctc"} '),
        ("tracks.mfcc.n_mfcc=13", "mfcc:\n", "mfcc: {n_mfcc: 13}\n"),
        ("tracks.mel.n_mels=80", "40  #", "80  #"),
        ("tracks.mel.hop_seconds=1e-2", "hop_seconds:\n", "hop_seconds: 0.01\n"),
        ("tracks.mel.half=true", "    n_mels", "    half: true\n    n_mels"),
        ("tracks.mel=", "   # what follows\n    n_mels: 40  # bands\n    hop_seconds:\n", " null   # what follows\n"),
        ("tracks.mfcc={n_mfcc: 13}", "mfcc:\n", 'mfcc: {"n_mfcc": 13}\n'),
        ("align.audio.max_length=50", "{tracks: [", "{max_length: 50, tracks: ["),
        ("description=short", "|\n  long\n  text\n", '"short"\n'),
        ("labels=[c]", "\n  - a\n  - b  #", ' ["c"]  #'),
        ("split={by: speaker}", "# top\n", '# top\nsplit: {"by": "speaker"}\n'),
    ],
)
def test_only_the_value_changes(change: str, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert changed_text(TEXT, "r.yaml", [change]) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("tracks.bert.model", "expected KEY=VALUE, as tracks.bert.model=/models/bert"),
        ("=3", "expected KEY=VALUE"),
        ("tracks..model=3", "expected KEY=VALUE"),
        ("tracks.bret.model=x", "r.yaml has no 'tracks.bret'; did you mean 'bert'?"),
        ("track.bert.model=x", "r.yaml has no 'track'; did you mean 'tracks'?"),
        ("tracks.mfcc.a.b=1", "r.yaml has no 'tracks.mfcc.a'; it holds no keys"),
        ("tracks.bert.model.x=1", "r.yaml: 'tracks.bert.model' holds no keys; give it a whole new value"),
        ("labels.x=1", "r.yaml: 'labels' holds no keys; give it a whole new value"),
        ("tracks.bert.model=2020-01-01", "type 'timestamp'; expected text, number, list or mapping"),
        ("tracks.bert.model={a", "not valid YAML"),
    ],
)
def test_changes_that_do_not_fit(change: str, problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        changed_text(TEXT, "r.yaml", [change])
    assert str(caught.value).startswith(f"--set {change}") and problem in str(caught.value)
    assert "\n" not in str(caught.value)


KEYS = st.sampled_from(["a", "b", "c-d", "é f"])
SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab #'\"{}[],é\n-", max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def _with(data: Any, keys: list[str], value: Any) -> Any:
    """Return data in which the value along ``keys`` is another; raises KeyError where there is no such place."""
    if data is None and len(keys) == 1:
        return {keys[0]: value}
    if not isinstance(data, dict) or (len(keys) > 1 and keys[0] not in data):
        raise KeyError(keys[0])
    return data | {keys[0]: _with(data[keys[0]], keys[1:], value) if len(keys) > 1 else value}


@given(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.lists(KEYS, min_size=1, max_size=3), VALUES, st.booleans()
)
def test_what_is_read_is_what_was_there_with_the_change(
    data: dict[str, Any], keys: list[str], value: Any, is_inline: bool
) -> None:
    yaml, written = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style = is_inline
    yaml.dump(data, written)
    change = f"{'.'.join(keys)}={json.dumps(value, ensure_ascii=False)}"
    try:
        expected = _with(yaml.load(written.getvalue()), keys, value)
    except KeyError:
        with pytest.raises(RecipeError, match="--set"):
            changed_text(written.getvalue(), "r.yaml", [change])
    else:
        assert yaml.load(changed_text(written.getvalue(), "r.yaml", [change])) == expected


def test_a_recipe_is_checked_after_the_changes() -> None:
    changes = ["tracks.mfcc.n_mfcc=20", "tracks.mfcc.n_mfcc=13"]
    recipe = load_recipe("quickstart", changes)
    assert recipe.tracks["mfcc"].n_mfcc == 13  # type: ignore[attr-defined]
    assert recipe.text == recipe_text("quickstart", changes)[0]
    lines, changed = recipe_text("quickstart")[0].splitlines(), recipe.text.splitlines()
    assert [(old, new) for old, new in zip(lines, changed, strict=True) if old != new] == [
        ("  mfcc: {n_mfcc: 40, deltas: 2}", "  mfcc: {n_mfcc: 13, deltas: 2}")
    ]
    with pytest.raises(RecipeError, match=r"quickstart.yaml, line 12: tracks.mfcc.n_mfc: unknown key 'n_mfc'; did you"):
        load_recipe("quickstart", ["tracks.mfcc.n_mfc=13"])
