"""The weights of the small model that comes with the package, which knows only the scripted world."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["SHIPPED"]

SHIPPED: Final = Path(__file__).parent / "weights" / "world"
"""For ``--model hf:FOLDER``. Nothing chooses it by itself."""
