"""Loading models of transformers that recognise speech, from a local folder."""

from pathlib import Path
from typing import Any

from ...errors import WeightsError, one_line
from .alignment.timed_words import SAMPLE_RATE


def load_recognition_model(folder: Path, auto_class: Any) -> tuple[Any, Any, Any]:
    """Load a model with its feature extractor and its tokenizer; nothing is fetched and no code of the folder runs.

    Parameters
    ----------
    folder
        What `model_folder` returns.
    auto_class
        The class of transformers for models of the kind wanted, as ``AutoModelForCTC``.

    Returns
    -------
    model, feature_extractor, tokenizer
        The model in evaluation mode.

    Raises
    ------
    WeightsError
        If the folder is of another kind, lacks weights, or hears another sample rate.
    """
    from transformers import AutoFeatureExtractor, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # progress is shown by whoever runs us
    try:
        model, loading = auto_class.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, output_loading_info=True
        )
        features: Any = AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]
            folder, local_files_only=True, trust_remote_code=False
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers, tokenizers and safetensors each raise errors of their own
        raise WeightsError(
            f"{folder}: {auto_class.__name__} of transformers cannot load it ({one_line(error)})"
        ) from None
    if loading["missing_keys"]:
        # transformers would make them up.
        raise WeightsError(f"{folder}: lacks the weights '{min(loading['missing_keys'])}'; expected a trained model")
    if features.sampling_rate != SAMPLE_RATE:
        found = features.sampling_rate
        raise WeightsError(f"{folder}: hears {found} samples per second; expected a model for {SAMPLE_RATE}")
    return model.eval(), features, tokenizer
