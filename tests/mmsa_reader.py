"""MMSA's own reading of its pickles, for the tests of what is written for it."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch


def load(path: Path) -> dict[str, dict[str, Any]]:
    with open(path, "rb") as file:
        return pickle.load(file)


def read_as_mmsa(path: Path, mode: str, *, use_bert: bool, need_data_aligned: bool) -> list[dict[str, Any]]:
    """Read samples as MMSA's data loader does: in float32, -inf in audio set to 0 in place, labels reshaped."""
    data = load(path)[mode]
    text, vision, audio = (
        data[key].astype(np.float32) for key in ("text_bert" if use_bert else "text", "vision", "audio")
    )
    audio[audio == -np.inf] = 0
    labels = np.array(data["regression_labels"]).astype(np.float32)
    samples = []
    for index in range(len(labels)):
        sample = {
            "raw_text": data["raw_text"][index],
            "id": data["id"][index],
            "text": torch.Tensor(text[index]),
            "audio": torch.Tensor(audio[index]),
            "vision": torch.Tensor(vision[index]),
            "label": torch.Tensor(labels[index].reshape(-1)),
        }
        if not need_data_aligned:
            sample |= {key: data[key][index] for key in ("audio_lengths", "vision_lengths")}
        samples.append(sample)
    return samples
