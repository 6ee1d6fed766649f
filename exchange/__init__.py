"""Exporters: a feature store as the files that existing training code reads. One file per format."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..store import FeatureStore
from .arrays import Arrays
from .base import Exporter
from .cm_bert import CmBert
from .csd import Csd
from .mmsa import Mmsa
from .multibench import MultiBench
from .npz import Npz
from .options import with_options
from .poria import Poria
from .safetensors import SafeTensors
from .table import Csv, Parquet
from .webdataset import WebDataset

EXPORTERS: dict[str, type[Exporter]] = {
    exporter.name: exporter
    for exporter in (Mmsa, MultiBench, Poria, CmBert, Csd, WebDataset, SafeTensors, Npz, Arrays, Csv, Parquet)
}
"""Every exporter by the name of its format."""

__all__ = ["EXPORTERS", "Exporter", "export"]


def export(store: FeatureStore, format: str, path: Path, options: Mapping[str, str]) -> list[str]:
    """Write a store as a file of another format.

    Parameters
    ----------
    store
        The store.
    format
        A name of `EXPORTERS`.
    path
        The file to write; one that is there is replaced once the new one is whole.
    options
        Values of the exporter's fields as text.

    Returns
    -------
    list of str
        What is not in the file, one line each.

    Raises
    ------
    UsageError
        If there is no such format or option, or one is missing or not valid.
    StoreError
        If the store does not fit the format, or the file cannot be written.
    """
    if format not in EXPORTERS:
        raise UsageError(f"no format is called '{format}'; {did_you_mean(format, EXPORTERS)}")
    return with_options(EXPORTERS[format], options).write(store, path)
