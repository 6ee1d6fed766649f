"""Small models that recognise speech, made and saved as those of the hub are."""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

RATE = 16_000
ENGLISH = "abcdefghijklmnopqrstuvwxyz'"
TONES = {"a": 400.0, "b": 900.0, "c": 1600.0, "d": 2600.0}
"""What the letters of the model that hears tones sound like, in Hz."""


def save_ctc(folder: Path, kind: str = "wav2vec2", letters: str = ENGLISH, **settings: object) -> Path:
    """Save a random model with a CTC head."""
    from transformers import AutoConfig, AutoModelForCTC, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor

    folder.mkdir(exist_ok=True)
    tokens = ["<pad>", "<s>", "</s>", "<unk>", "|", *letters]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    sizes = {
        "vocab_size": len(tokens),
        "hidden_size": 128,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "conv_dim": (128,) * 7,
        "num_conv_pos_embeddings": 4,
        "num_conv_pos_embedding_groups": 2,
    }
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **(sizes | settings))
    AutoModelForCTC.from_config(config).save_pretrained(folder)
    return folder


def save_tone_ctc(folder: Path) -> Path:
    """Save a model that hears `TONES`, and the delimiter in silence: random but for its head, a least-squares fit."""
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

    save_ctc(folder, letters="".join(TONES))
    model = Wav2Vec2ForCTC.from_pretrained(folder).eval()
    draw = np.random.default_rng(0)
    text = "".join(draw.choice([*TONES, " "], 300))
    seconds = draw.uniform(0.08, 0.2, len(text))
    sound = tones(text, seconds)
    values = Wav2Vec2FeatureExtractor()(sound, sampling_rate=RATE, return_tensors="pt").input_values
    with torch.inference_mode():
        states = model.wav2vec2(values).last_hidden_state[0].numpy()
    middles = (np.arange(len(states)) * 320 + 200) / RATE
    letter_of_frame = np.searchsorted(np.cumsum(seconds), middles)
    tokens = {" ": 4} | {letter: 5 + number for number, letter in enumerate(TONES)}
    wanted = np.full((len(states), model.config.vocab_size), -5.0)
    wanted[np.arange(len(states)), [tokens[text[letter]] for letter in letter_of_frame]] = 5.0
    solution, *_ = np.linalg.lstsq(np.c_[states, np.ones(len(states))], wanted)
    with torch.no_grad():
        model.lm_head.weight.copy_(torch.from_numpy(solution[:-1].T))
        model.lm_head.bias.copy_(torch.from_numpy(solution[-1]))
    model.save_pretrained(folder)
    return folder


def tones(text: str, seconds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the sound of letters, each of its own length; a space is faint noise."""
    draw = np.random.default_rng(1)
    edges = np.round(np.cumsum([0, *seconds]) * RATE).astype(int)
    sound = draw.normal(0, 0.01, edges[-1])
    for letter, first, last in zip(text, edges[:-1], edges[1:], strict=True):
        if letter != " ":
            sound[first:last] += 0.5 * np.sin(2 * np.pi * TONES[letter] * np.arange(last - first) / RATE)
    return sound.astype(np.float32)


def save_whisper(folder: Path, alignment_heads: tuple[tuple[int, int], ...] = ((0, 0), (0, 1))) -> Path:
    """Save a random Whisper whose words are single bytes."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    roles = ("startoftranscript", "en", "translate", "transcribe", "startoflm", "startofprev", "nospeech")
    names = (*roles, "notimestamps")
    vocabulary = {token: number for number, token in enumerate([*sorted(ByteLevel.alphabet()), "<|endoftext|>"])}
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": [f"<|{name}|>" for name in names]})
    tokenizer.add_tokens([f"<|{number * 0.02:.2f}|>" for number in range(1501)])
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    end, start, english, translate, transcribe, _, previous, _, no_times = range(256, 265)
    ends = {"eos_token_id": end, "pad_token_id": end, "bos_token_id": end, "decoder_start_token_id": start}
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        init_std=0.5,
        begin_suppress_tokens=None,
        **ends,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        **ends,
        no_timestamps_token_id=no_times,
        prev_sot_token_id=previous,
        lang_to_id={"<|en|>": english},
        task_to_id={"transcribe": transcribe, "translate": translate},
        is_multilingual=True,
        alignment_heads=[list(head) for head in alignment_heads],
        max_length=40,
    )
    model.save_pretrained(folder)
    return folder
