"""Downloads a model into the local hub cache: only where a user names it, and never code."""

from __future__ import annotations

from pathlib import Path

from video_vlm.errors import MissingExtra, ModelError
from video_vlm.models.local.model_files import WANTED
from video_vlm.telemetry import switch_off

__all__ = ["pull"]


def pull(name: str) -> Path:
    """Download a model's configuration, tokenizer and safetensors from the hub; what is there already stays.

    Raises:
        MissingExtra: huggingface_hub is not installed.
        ModelError: there is no such model, it may not be had, it has no safetensors, or the hub cannot be
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
        folder = Path(snapshot_download(name, allow_patterns=list(WANTED)))
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
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{name} has no *.safetensors; other formats can run code, and are not loaded")
    return folder
