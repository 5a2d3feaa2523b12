"""Downloads a model into the local hub cache: only where a user names it, and never code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from video_vlm.errors import MissingExtra, ModelError
from video_vlm.models.local.model_files import WANTED
from video_vlm.telemetry import switch_off

__all__ = ["pull"]


def pull(name: str, *, wanted: Sequence[str] = WANTED, weights: str = "*.safetensors") -> Path:
    """Download a model's configuration, tokenizer and weights from the hub; what is there already stays.

    Args:
        name: ``OWNER/NAME``.
        wanted: Patterns of the files.
        weights: The pattern of those without which there is no model; never one of files that can run code.

    Raises:
        MissingExtra: huggingface_hub is not installed.
        ModelError: there is no such model, it may not be had, it has no such weights, or the hub cannot be
            reached.
    """
    switch_off()
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
            OfflineModeIsEnabled,
            RepositoryNotFoundError,
        )
    except ImportError as error:
        raise MissingExtra("fetching models", "models") from error
    try:
        folder = Path(snapshot_download(name, allow_patterns=list(wanted)))
    except GatedRepoError as error:
        raise ModelError(
            f"{name} is given after a licence is accepted: do so on its page, then: hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"there is no model {name} on the hub, or it is private: hf auth login") from error
    except HFValidationError as error:
        raise ModelError(f"{name} is no name of a model on the hub: write OWNER/NAME") from error
    except OfflineModeIsEnabled as error:
        raise ModelError(f"{name} is not here, and HF_HUB_OFFLINE forbids to fetch it") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{name} could not be fetched, and what was fetched is kept: {reason}") from error
    if not any(folder.glob(weights)):
        raise ModelError(f"{name} has no {weights}; formats that can run code are not loaded")
    return folder
