"""What these tests teach takes the extra ``models``."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = (
    []
    if all(find_spec(name) for name in ("torch", "transformers", "einops", "safetensors"))
    else ["test_*.py"]
)
