"""Processes: workers that may die, pools of them on one machine and on a cluster."""

from ..base import Execution  # bare `import extract.running` must fail
from .options import Running

__all__ = ["Execution", "Running"]
