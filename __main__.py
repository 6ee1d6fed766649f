"""``python -m trimodal``."""

import sys

from .cli import main

sys.exit(main())
