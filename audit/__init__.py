"""The audit of a store: what leaks from one split into another, and what each of them lacks."""

from ..errors import UsageError
from .findings import audit
from .report import print_audit

__all__ = ["UsageError", "audit", "print_audit"]
