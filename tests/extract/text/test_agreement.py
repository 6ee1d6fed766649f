import shutil
from pathlib import Path

import numpy as np
import pytest
from recognition_models import tones

from trimodal.corpus import read_corpus
from trimodal.errors import ParameterError
from trimodal.extract.text.agreement import Agreement
from trimodal.extract.text.alignment.pocketsphinx_aligner import DOUBTFUL
from trimodal.media import Audio, AudioSelection, Utterance, Word, probe, read_audio, read_transcript
from trimodal.pipeline import run
from trimodal.recipe import parse_recipe
from trimodal.store import FeatureStore
from trimodal.track import Gap

_SILENCE = Audio(samples=np.zeros(32_000, np.float32), rate=16_000, start_seconds=0.0)


def _audio(path: Path) -> Audio:
    audio = read_audio(path, probe(path), AudioSelection())
    assert audio is not None
    return audio


def test_right_lines_fit_and_those_of_another_line_do_not(media: Path) -> None:
    audio = _audio(media / "speech" / "sonnet" / "audio.mp3")
    lines = read_transcript(media / "speech" / "sonnet" / "sonnet001.srt")[1:4]
    right = Agreement().extract(lines, audio)
    np.testing.assert_array_equal(right.times, [(line.start_seconds, line.end_seconds) for line in lines])
    assert right.values.shape == (3, 1)
    assert right.values.min() > 2 * DOUBTFUL
    shifted = [
        Utterance(text=other.text, start_seconds=line.start_seconds, end_seconds=line.end_seconds)
        for line, other in zip(lines, [*lines[1:], lines[0]], strict=True)
    ]
    wrong = Agreement().extract(shifted, audio)
    assert wrong.values.max() < DOUBTFUL
    assert wrong.fields["utterance"].tolist() == [0, 1, 2]


def test_given_word_times_count_for_nothing(media: Path) -> None:
    audio = _audio(media / "speech" / "had_that_curiosity.wav")
    (timed,) = read_transcript(media / "speech" / "had_that_curiosity.words.json")
    track = Agreement().extract([timed], audio)
    plain = Utterance(text=timed.text, start_seconds=float(track.times[0, 0]), end_seconds=float(track.times[0, 1]))
    np.testing.assert_array_equal(track.values, Agreement().extract([plain], audio).values)
    assert track.values[0, 0] > 2 * DOUBTFUL
    false = tuple(
        Word(text=text, start_seconds=1.0, end_seconds=2.0) for text in ["several", "elephants", "danced", "away"]
    )
    lie = Utterance(text="several elephants danced away", start_seconds=0.5, end_seconds=3.0, words=false)
    assert Agreement().extract([lie], audio).values[0, 0] < DOUBTFUL


def test_an_utterance_without_times_is_where_its_words_are(media: Path) -> None:
    audio = _audio(media / "talking" / "grid-bbaf2n.mpg")
    track = Agreement().extract([Utterance(text="bin blue at f two now")], audio)
    assert track.times[0] == pytest.approx([0.95, 2.12], abs=0.1)


def test_silence_agrees_with_nothing() -> None:
    track = Agreement().extract([Utterance(text="hello there", start_seconds=0.2, end_seconds=1.2)], _SILENCE)
    assert track.values[0, 0] < DOUBTFUL


def test_what_cannot_be_said_is_a_gap() -> None:
    utterances = [Utterance(text=text, start_seconds=0.5, end_seconds=1.0) for text in ("...", "привет", "[noise]")]
    track = Agreement().extract(utterances, _SILENCE)
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == [
        "nothing that can be said in English: '...'",
        "nothing that can be said in English: 'привет'",
        "nothing that can be said in English: '[noise]'",
    ]
    assert [(gap.start_seconds, gap.end_seconds) for gap in track.gaps] == [(0.5, 1.0)] * 3


def test_without_sound_there_is_a_gap() -> None:
    track = Agreement().extract([Utterance(text="hello")], None)
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["no sound to compare with"]


def test_what_lies_outside_the_sound_is_a_gap() -> None:
    track = Agreement().extract([Utterance(text="hello", start_seconds=5.0, end_seconds=6.0)], _SILENCE)
    assert track.gaps == (
        Gap(start_seconds=5.0, end_seconds=6.0, reason="outside the sound, which ends at 2.00 s: 'hello'"),
    )


def test_a_ctc_model_compares_texts_of_any_alphabet(tone_ctc: Path) -> None:
    sound = Audio(samples=tones(" abc da b", np.full(9, 0.15)), rate=16_000, start_seconds=0.0)
    extractor = Agreement(aligner="ctc", ctc_model=str(tone_ctc))
    assert extractor.needed_packages() == ("transformers", "torch")
    assert extractor.with_dry_weights(Path()) == Agreement(ctc_model=str(tone_ctc))
    right = extractor.extract([Utterance(text="abc da b")], sound)
    wrong = extractor.extract([Utterance(text="cba bd ac")], sound)
    assert right.values[0, 0] > 0.5 > 2 * wrong.values[0, 0]
    unspelled = extractor.extract([Utterance(text="xyz", start_seconds=0.0, end_seconds=1.0)], sound)
    assert [gap.reason for gap in unspelled.gaps] == ["nothing to spell: 'xyz'"]


def test_a_store_has_the_agreement_of_every_segments_own_text(media: Path, tmp_path: Path) -> None:
    """Kaldi segments of two people who speak at the same time, one of whom says something else than is heard."""
    folder = tmp_path / "kaldi"
    folder.mkdir()
    shutil.copy(media / "speech" / "had_that_curiosity.wav", folder)
    texts = {"u1": "i had that curiosity beside me at this moment", "u2": "several elephants danced", "u3": "[laughs]"}
    (folder / "wav.scp").write_text("r had_that_curiosity.wav\n")
    (folder / "segments").write_text("u1 r 0.0 -1\nu2 r 0.0 2.5\nu3 r 0.5 1.0\n")
    (folder / "text").write_text("".join(f"{id} {text}\n" for id, text in texts.items()))
    recipe = parse_recipe(
        """
        tracks: {agreement: {}, words: {}}
        align: {words: {tracks: [agreement], timeline: words}}
        labels: {agreement: {track: agreement, missing: -1}}
        """,
        "agreement.yaml",
    )
    report = run(read_corpus(folder), recipe, tmp_path / "store")
    assert report.extraction.failures == ()
    stored = FeatureStore(report.store).segments.set_index("id")["agreement"].to_dict()
    assert stored["u1"] > 2 * DOUBTFUL
    assert 0 <= stored["u2"] < DOUBTFUL
    assert stored["u3"] == -1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_rate": 8000}, "alignment needs a sample_rate of 16000, found 8000"),
        ({"margin_seconds": float("inf")}, "margin_seconds must be at least 0, found inf"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Agreement(**parameters)  # type: ignore[arg-type]
