"""Forced alignment with the English model inside pocketsphinx's wheel."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise, takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...weights import single_file
from .anchors import Place, cuts, places
from .letter_to_sound import dictionary_path, letter_to_sound
from .phrase_listener import CAREFUL, FAST, Hearing, PhraseListener
from .spoken_form import Form, spoken_forms
from .timed_words import SAMPLE_RATE, Stretch, TimedWord, fitness, pcm

DOUBTFUL = 0.05
"""Words whose confidences have a lower geometric mean than this hardly fit the sound."""
_HOPELESS = 0.01
"""Less than this, though any word may be left out: not even three words in a row are said, by which a text is cut."""
_FRAME_RATE = 100
_SHORTEST_WORD_SECONDS = 0.03
"""One sound takes three frames."""
_LONG_SECONDS = 60.0
"""Longer stretches are cut first: the time that the decoder needs grows with the square of the length."""
_LONGEST_SECONDS = 300.0
_ATTEMPTS = ((1e-48, 0.0), (1e-60, 1e-15))
"""How much less likely than the best a path may be and live, and how likely a word is not said: what the model's makers
chose, with no word left out; then what doubtful texts get."""
_SILENCE = 4e-4
"""The likelihood of a pause between two words."""
_NOISE = 1e-10
"""That of a noise where the transcript has something that is no word."""


@dataclass(frozen=True, kw_only=True)
class _Segment:
    """A word that the decoder placed."""

    word: str
    first: int
    """Its first frame."""
    stop: int
    """The frame after its last."""
    log_likelihood: float
    """Of its sounds relative to the likeliest sounds, summed over its frames."""


@dataclass(frozen=True, kw_only=True)
class _Grammar:
    """What may be said."""

    arcs: Sequence[tuple[int, int, float, str]]
    """From a state, to a state, with a likelihood, saying a word."""
    last: int
    """The state in which all is said."""


@dataclass(frozen=True, kw_only=True)
class _Effort:
    """How a text is cut."""

    hearing: Hearing
    piece_seconds: tuple[float, float]
    """The shortest piece, and the longest in which a better pause is looked for."""


_EFFORTS = (
    _Effort(hearing=FAST, piece_seconds=(10.0, 30.0)),
    _Effort(hearing=CAREFUL, piece_seconds=(1.0, 3.0)),
)
"""For long texts, and then for what does not fit."""


def acoustic_model() -> dict[str, Path]:
    """Return the model's files that decide its numbers."""
    folder = "model/en-us/en-us"
    files = ("means", "variances", "mdef", "sendump", "transition_matrices", "feat.params", "noisedict")
    return {
        "dictionary": dictionary_path(),
        **{name: single_file("pocketsphinx", f"{folder}/{name}") for name in files},
    }


class PocketsphinxAligner:
    """Places words by the sounds that they are made of, in frames of 10 ms.

    A word may be said in any of the ways that `spoken_forms` gives, with any of the pronunciations of the dictionary;
    one that is not in it is pronounced by analogy. Pauses may stand between any two words, noises where the transcript
    has an annotation or a word that cannot be said in English; such words are not placed. The confidence of a word is
    the geometric mean over its frames of the likelihood of its sounds relative to the likeliest sound.

    Where the words do not fit at first, the search is widened, and words may be left out. Stretches longer than a
    minute, and those that still do not fit, are cut where three words in a row are recognised (see `cuts`), so that
    what does not fit costs its own surroundings alone. Where nearly nothing fits, that is left.
    """

    def __init__(self) -> None:
        import pocketsphinx

        # The grammar's weight of one leaves probabilities as they are.
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", lw=1.0, silprob=_SILENCE, fillprob=1e-30)

    def align(self, stretches: Sequence[Stretch]) -> list[list[TimedWord | None]]:
        """Return for every stretch one entry per token: its time, or None where it could not be placed."""
        return [self._align(stretch) for stretch in stretches]

    def can_say(self, token: str) -> bool:
        """Return whether a word can be said in English."""
        return bool(spoken_forms(token))

    def _align(self, stretch: Stretch) -> list[TimedWord | None]:
        seconds = stretch.end_seconds - stretch.start_seconds
        if not stretch.tokens or len(stretch.tokens) * _SHORTEST_WORD_SECONDS > seconds:
            return [None] * len(stretch.tokens)
        forms = [self._pronounceable(token) for token in stretch.tokens]
        if seconds > _LONG_SECONDS:
            return self._in_pieces(stretch, forms, _EFFORTS, None)
        words = self._fit(stretch, forms)
        if fitness(words) >= DOUBTFUL or 0 < fitness(words) < _HOPELESS:
            return words
        return self._in_pieces(stretch, forms, _EFFORTS[1:], words)

    def _in_pieces(
        self,
        stretch: Stretch,
        forms: Sequence[Sequence[Form]],
        efforts: Sequence[_Effort],
        whole: Sequence[TimedWord | None] | None,
    ) -> list[TimedWord | None]:
        """Align what lies between places where the text is recognised; what does not fit is cut finer.

        ``whole`` is what came of aligning all at once; None: that was not tried.
        """
        names = [(token, name) for token, ways in enumerate(forms) if ways for name in ways[0]]
        if not names or not efforts:
            return [None] * len(forms) if whole is None else list(whole)
        effort, *finer = efforts
        listener = PhraseListener([name for _, name in names], self._pronunciations, effort.hearing)
        chosen = cuts(places(names, list(listener.hear(stretch.samples))), *effort.piece_seconds)
        if not chosen and whole is not None:  # the only piece is the whole
            return self._in_pieces(stretch, forms, finer, whole)
        begin = Place(token=0, seconds=0.0, pause_seconds=0.0)
        end = Place(token=len(forms), seconds=len(stretch.samples) / SAMPLE_RATE, pause_seconds=0.0)
        words: list[TimedWord | None] = []
        for first, stop in pairwise([begin, *chosen, end]):
            piece, its_forms = _piece(stretch, first, stop), forms[first.token : stop.token]
            found = self._fit(piece, its_forms)
            if fitness(found) < DOUBTFUL:
                found = self._in_pieces(piece, its_forms, finer, found)
            words += found
        return words if whole is None or fitness(words) >= fitness(whole) else list(whole)

    def _fit(self, stretch: Stretch, forms: Sequence[Sequence[Form]]) -> list[TimedWord | None]:
        """Align all at once; nothing is placed where the words do not fit."""
        nothing: list[TimedWord | None] = [None] * len(forms)
        seconds = stretch.end_seconds - stretch.start_seconds
        if not any(forms) or not _SHORTEST_WORD_SECONDS <= seconds <= _LONGEST_SECONDS:
            return nothing
        best = nothing
        for beam, unsaid in _ATTEMPTS:
            segments = self._decode(_grammar(forms, unsaid), stretch.samples, beam)
            optional = [[*ways, ()] if unsaid or not ways else ways for ways in forms]
            spans = match(optional, [segment.word for segment in segments])
            if spans is not None:
                words = [
                    _timed(token, segments[first:stop], stretch) if first < stop else None
                    for token, (first, stop) in zip(stretch.tokens, spans, strict=True)
                ]
                best = max(best, words, key=fitness)
            if fitness(best) >= DOUBTFUL:
                break
        return best

    def _decode(self, grammar: _Grammar, samples: NDArray[np.float32], beam: float) -> list[_Segment]:
        decoder = self._decoder
        decoder.config["beam"] = decoder.config["pbeam"] = beam
        decoder.config["wbeam"] = beam**0.6
        decoder.add_fsg("words", decoder.create_fsg("words", 0, grammar.last, grammar.arcs))
        decoder.activate_search("words")
        decoder.reinit_feat()  # forget the noise of what came before
        decoder.start_utt()
        decoder.process_raw(pcm(samples), full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        return [
            _Segment(
                word=re.sub(r"\(\d+\)$", "", segment.word),
                first=segment.start_frame,
                stop=segment.end_frame + 1,
                log_likelihood=math.log(max(segment.ascore, math.ulp(0.0))),
            )
            for segment in decoder.seg()
            if not segment.word.startswith(("<", "["))
        ]

    def _pronounceable(self, token: str) -> list[Form]:
        """Return the forms of a token of which every word has a pronunciation."""
        return [form for form in spoken_forms(token) if all(self._pronunciations(word) for word in form)]

    def _pronunciations(self, word: str) -> list[str]:
        """Return how a word is said: phones between spaces. Where the dictionary lacks it, it is added."""
        if self._decoder.lookup_word(word) is None:
            stem: str | None = self._decoder.lookup_word(word.removesuffix("-"))  # broken off after a whole word
            for phones in filter(None, [" ".join(letter_to_sound()(word)), stem]):
                new = word if self._decoder.lookup_word(word) is None else f"{word}(2)"
                self._decoder.add_word(new, phones, False)
        names = chain([word], (f"{word}({number})" for number in count(2)))
        return list(takewhile(bool, map(self._decoder.lookup_word, names)))


def match(forms: Sequence[Sequence[Form]], names: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return which of ``names`` each word is said in, ``[first, stop)``; None where they are not what the forms allow.

    Examples
    --------
    >>> match([[("ten",), ("one", "zero")], [("two",)]], ["one", "zero", "two"])
    [(0, 2), (2, 3)]
    """
    reached: list[dict[int, int]] = [{0: 0}]  # after each word: where its names may stop, and where they then began
    for ways in forms:
        reached.append(
            {
                first + len(form): first
                for first in reached[-1]
                for form in ways
                if tuple(names[first : first + len(form)]) == form
            }
        )
    if len(names) not in reached[-1]:
        return None
    spans: list[tuple[int, int]] = []
    stop = len(names)
    for starts in reversed(reached[1:]):
        spans.append((starts[stop], stop))
        stop = starts[stop]
    return spans[::-1]


def _grammar(forms: Sequence[Sequence[Form]], unsaid: float) -> _Grammar:
    """Return the grammar of words in order, each of which is not said with the likelihood ``unsaid``."""
    arcs: list[tuple[int, int, float, str]] = []
    state, states = 0, 1
    for ways in forms:
        if not ways or unsaid:
            arcs += [(state, state, unsaid or _NOISE, noise) for noise in ("[NOISE]", "[SPEECH]")]
        if not ways:
            continue
        end = states
        states += 1
        for form in ways:
            inner = [state, *range(states, states + len(form) - 1), end]
            states += len(form) - 1
            arcs += [(first, second, 1.0, word) for (first, second), word in zip(pairwise(inner), form, strict=True)]
        if unsaid:
            arcs += [(state, end, unsaid, instead) for instead in ("<sil>", "[SPEECH]")]
        state = end
    return _Grammar(arcs=arcs, last=state)


def _timed(token: str, segments: Sequence[_Segment], stretch: Stretch) -> TimedWord:
    first, stop = segments[0].first, segments[-1].stop
    frames = sum(segment.stop - segment.first for segment in segments)
    return TimedWord(
        text=token,
        start=min(stretch.start_seconds + first / _FRAME_RATE, stretch.end_seconds),
        end=min(stretch.start_seconds + stop / _FRAME_RATE, stretch.end_seconds),
        confidence=min(1.0, math.exp(sum(segment.log_likelihood for segment in segments) / frames)),
        origin="aligned",
    )


def _piece(stretch: Stretch, first: Place, stop: Place) -> Stretch:
    sound = slice(*(round(place.seconds * SAMPLE_RATE) for place in (first, stop)))
    return Stretch(
        tokens=stretch.tokens[first.token : stop.token],
        samples=stretch.samples[sound],
        start_seconds=stretch.start_seconds + sound.start / SAMPLE_RATE,
    )
