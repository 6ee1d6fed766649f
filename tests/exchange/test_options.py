from pathlib import Path

import pytest
from exchange_stores import ALIGNED, make_store

from trimodal.errors import UsageError
from trimodal.exchange import EXPORTERS, export
from trimodal.exchange.mmsa import Mmsa
from trimodal.exchange.options import parse_options, with_options

NAMES = {"text": "a", "audio": "b", "vision": "c", "label": "d"}


def test_texts_become_what_fields_are() -> None:
    made = with_options(Mmsa, NAMES | {"aligned": "no", "audio_length": "400", "train": "fold0+fold1"})
    assert isinstance(made, Mmsa)
    assert (made.text, made.aligned, made.audio_length, made.text_length, made.train) == (
        *("a", False, 400, None, "fold0+fold1"),
    )
    lengths = with_options(EXPORTERS["arrays"], {"lengths": "text:50,audio:375"})
    assert lengths.lengths == {"text": 50, "audio": 375}  # type: ignore[attr-defined]
    assert parse_options(["text=bert", "id=a=b"]) == {"text": "bert", "id": "a=b"}


@pytest.mark.parametrize("exporter", EXPORTERS.values())
def test_every_field_can_be_given_as_text(exporter: type) -> None:
    from dataclasses import fields
    from typing import get_type_hints

    from trimodal.exchange.options import _KINDS

    assert {get_type_hints(exporter)[field.name] for field in fields(exporter)} <= set(_KINDS)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (["text"], "option 'text'; expected NAME=VALUE"),
        (["=a"], "option '=a'; expected NAME=VALUE"),
        (["text="], "option 'text='; expected NAME=VALUE"),
        (["text=a", "text=b"], "option 'text' is given twice; expected it once"),
    ],
)
def test_texts_that_are_no_options(written: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_options(written)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": "a"}, "mmsa has no option 'texts'; did you mean 'text'?"),
        ({"aligned": "true"}, "option aligned=true: expected yes or no"),
        ({"text_length": "0"}, "option text_length=0: expected a whole number from 1"),
        ({"text_length": "many"}, "option text_length=many: expected a whole number from 1"),
    ],
)
def test_options_that_are_not_valid(changes: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_options(Mmsa, NAMES | changes)


@pytest.mark.parametrize("lengths", ["text", "text:0", "text:1:2", "text:one", "text:5,"])
def test_lengths_that_are_none(lengths: str) -> None:
    with pytest.raises(
        UsageError, match=f"option lengths={lengths}: expected names with whole numbers from 1, as a:50"
    ):
        with_options(EXPORTERS["arrays"], {"lengths": lengths})


def test_a_format_that_there_is_not(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a.store", ALIGNED)
    with pytest.raises(UsageError, match="no format is called 'mmssa'; did you mean 'mmsa'"):
        export(store, "mmssa", tmp_path / "a", {})
