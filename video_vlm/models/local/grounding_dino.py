"""Finds things in a picture by a phrase: Grounding DINO (Liu et al., ECCV 2024) of transformers, with the
user's weights."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

from PIL import Image as Pillow

from video_vlm.errors import ModelError
from video_vlm.models.local.device import device_of, reason
from video_vlm.models.local.model_files import folder_of, libraries
from video_vlm.records import Detection, Image

__all__ = ["GroundingDino", "open_detector"]

_KINDS: Final = ("grounding-dino", "mm-grounding-dino")
_THRESHOLD: Final = 0.3
"""Less sure boxes are left out; the authors use 0.25 to 0.35."""


class GroundingDino:
    """A :class:`~video_vlm.protocols.Detector`. Thread-safe: one picture after the other.

    Args:
        model: Of transformers.
        processor: Its tokenizer and image processor.
        name: What stands on receipts.
    """

    def __init__(self, model: Any, processor: Any, *, name: str) -> None:
        self.name = name
        self._model = model
        self._processor = processor
        self._busy = Lock()

    def detect(self, image: Image, phrase: str) -> Sequence[Detection]:
        """See :meth:`video_vlm.protocols.Detector.detect`."""
        import torch

        height, width = image.shape[:2]
        text = f"{' '.join(phrase.lower().replace('.', ' ').split())}."
        with self._busy, torch.inference_mode():
            inputs = self._processor(images=Pillow.fromarray(image), text=[text], return_tensors="pt")
            inputs = inputs.to(self._model.device)
            found = self._processor.post_process_grounded_object_detection(
                self._model(**inputs),
                inputs["input_ids"],
                threshold=_THRESHOLD,
                text_threshold=_THRESHOLD,
                target_sizes=[(height, width)],
            )[0]
        boxes, scores = found["boxes"].float().cpu().tolist(), found["scores"].float().cpu().tolist()
        made = (
            _detection(box, score, width=width, height=height)
            for box, score in zip(boxes, scores, strict=True)
        )
        return sorted((one for one in made if one is not None), key=lambda one: -one.confidence)


def open_detector(name: str, *, device: str = "auto") -> GroundingDino:
    """Loads a detector from a folder, or from the local hub cache; nothing is downloaded.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: it is not there, cannot be loaded, or is none.
    """
    torch, transformers = libraries()
    from safetensors import SafetensorError

    folder = folder_of(name)
    place = device_of(torch, device)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in _KINDS:
            raise ModelError(f"{name} finds no boxes for words: use Grounding DINO, not {config.model_type}")
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        pictures = transformers.AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, backend="pil"
        )
        model = transformers.AutoModelForZeroShotObjectDetection.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError, ImportError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{name} cannot be loaded: {reason(error)}") from error
    processor = transformers.GroundingDinoProcessor(image_processor=pictures, tokenizer=tokenizer)
    return GroundingDino(model.to(place).eval(), processor, name=f"hf:{name}")


def _detection(box: Sequence[float], score: float, *, width: int, height: int) -> Detection | None:
    """As shares of the picture; None where nothing of it is inside."""
    left, top, right, bottom = (
        min(max(edge / size, 0.0), 1.0)
        for edge, size in zip(box, (width, height, width, height), strict=True)
    )
    return Detection((left, top, right, bottom), min(score, 1.0)) if left < right and top < bottom else None
