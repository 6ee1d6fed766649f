"""A process that tries an openSMILE configuration on a second of noise and prints its columns as JSON.

openSMILE crashes, or ends the process that it runs in, on some configurations: so this is a process of its own. Run as
``python -m trimodal.extract.audio.opensmile_dry_run CONFIG LEVEL SAMPLE_RATE``.
"""

import json
import sys

import numpy as np

from ...errors import TrackError
from .opensmile_process import column_names, run_smile
from .opensmile_setup import SmileSetup


def main(config: str, level: str, sample_rate: int) -> int:
    """Return 0 where the configuration runs; otherwise the last line on standard error says why not."""
    setup = SmileSetup(feature_set=config, level=level, sample_rate=sample_rate)
    noise = np.random.default_rng(0).normal(scale=0.1, size=sample_rate).astype(np.float32)
    try:
        columns = column_names(setup)
        rows = sum(len(block.times) for block in run_smile(setup, noise))
    except TrackError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"columns": columns, "rows": rows}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
