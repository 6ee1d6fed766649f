"""trimodal turns raw video, audio and transcripts into time-aligned feature stores.

The parts, from the bottom up: ``errors``, ``track``, ``media`` (decoding on one clock),
``store`` (HDF5 shards, their reader and loader), ``corpus`` (which files, which labels),
``extract`` (tracks), ``recipe`` (what to make), ``align`` (outputs), ``pipeline`` (all of
it in one call) and ``cli``. Import what you need: ``from trimodal.store import FeatureStore``.
"""

__version__ = "0.1.0"
