import pytest

from trimodal.media import Utterance
from trimodal.media.transcripts.tiers import speaker_of_words, tier_utterances


@pytest.mark.parametrize(
    ("tier", "speaker"),
    [
        ("words", ""),
        (" Word ", ""),
        ("ORT-MAU", ""),
        ("ann - words", "ann"),
        ("Ann B - 2 - WORDS", "Ann B - 2"),
        ("phones", None),
        ("ann - phones", None),
        ("keywords", None),
        (" - words", None),
    ],
)
def test_tiers_of_words(tier: str, speaker: str | None) -> None:
    assert speaker_of_words(tier) == speaker


def test_without_a_tier_of_words_the_first_counts() -> None:
    tiers = {"turns": [(0.0, 1.0, "Hello  there"), (1.0, 2.0, "sil")], "other": [(0.0, 1.0, "x")]}
    assert tier_utterances(tiers) == [Utterance(text="Hello there", start_seconds=0.0, end_seconds=1.0)]
    assert tier_utterances({}) == []
