"""What to type to install an optional part: from the checkout that this package runs from, or from an index."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["DISTRIBUTION", "checkout_folder", "install_command"]

DISTRIBUTION: Final = "video-vlm"
_PACKAGE: Final = Path(__file__).resolve().parent


def install_command(extra: str, *, package: Path = _PACKAGE) -> str:
    """``pip install 'video-vlm[EXTRA]'``; in a checkout ``pip install -e '.[EXTRA]'``, to be typed in its
    folder."""
    if checkout_folder(package) is None:
        return f"pip install '{DISTRIBUTION}[{extra}]'"
    return f"pip install -e '.[{extra}]'"


def checkout_folder(package: Path = _PACKAGE) -> Path | None:
    """The folder of the source tree that holds ``package``; None where it was installed as a wheel."""
    import tomllib

    folder = package.parent
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return None
    return folder if project.get("name") == DISTRIBUTION else None
