"""Image tokens on disk, by model and input of its vision tower, so that later processes need not encode
again.

A file is safetensors: ``rows``, ``deep.0``, ... as in
:class:`~video_vlm.models.local.image_tokens.ImageTokens`, in the numbers they were made in, ``is_listed``,
and a ``seal`` over all of it and over whose file it is. One that does not fit its seal is dropped, and
written anew when the picture was looked at again.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from video_vlm.memory import DiskCache
from video_vlm.models.local.image_tokens import ImageTokens, key_of
from video_vlm.settings import digest
from video_vlm.weights import samples_of

__all__ = ["DiskFeatureStore", "feature_maker"]

_VERSION = 1
"""Raised whenever the same model would make other features of the same numbers, or files are laid out
otherwise."""


def feature_maker(folder: Path, model: Any, *, quantization: str) -> str:
    """A digest of everything that decides features to the last bit: weights, their type, library versions,
    and the device.

    Args:
        folder: Where the model was loaded from.
        model: Of transformers, as it was loaded.
        quantization: As it was asked for.
    """
    files = sorted(folder.glob("*.safetensors"))
    weights = [(file.name, file.stat().st_mtime_ns, list(samples_of(file))) for file in files]
    numbers = (str(model.dtype), quantization, torch.get_float32_matmul_precision())
    versions = (torch.__version__, transformers.__version__)
    # Another processor, or another number of threads, may round differently.
    device: torch.device = model.device
    where = [device.type, torch.backends.cpu.get_cpu_capability(), str(torch.get_num_threads())]
    if device.type == "cuda":
        where = [device.type, torch.cuda.get_device_name(device)]
    return digest(_VERSION, model.config.to_json_string(), weights, numbers, versions, where)


class DiskFeatureStore:
    """Image tokens of one model in a disk cache.

    Args:
        shelf: Other models may have theirs on it too.
        maker: Whose they are, as :func:`feature_maker` says.
    """

    def __init__(self, shelf: DiskCache, maker: str) -> None:
        self._shelf = shelf
        self._maker = maker

    def get(self, key: bytes) -> ImageTokens | None:
        data = self._shelf.read(self._name(key))
        if data is None:
            return None
        try:
            tensors = load(data)
            seal = tensors.pop("seal")
            is_whole = torch.equal(seal, self._seal(key, tensors))
        except (SafetensorError, KeyError, ValueError, RuntimeError):
            is_whole = False
        if not is_whole:
            self._shelf.drop(self._name(key))
            return None
        names = takewhile(tensors.__contains__, (f"deep.{number}" for number in count()))
        # Copies, so that they lie in memory as those that were just made do.
        deep = tuple(tensors[name].clone() for name in names)
        return ImageTokens(tensors["rows"].clone(), deep, bool(tensors["is_listed"]))

    def put(self, key: bytes, features: ImageTokens) -> None:
        deep = {f"deep.{number}": one for number, one in enumerate(features.deep)}
        tensors = {"rows": features.rows, **deep, "is_listed": torch.tensor(features.is_listed)}
        self._shelf.write(self._name(key), save({**tensors, "seal": self._seal(key, tensors)}))

    def _name(self, key: bytes) -> str:
        return f"{self._maker}/{key.hex()}.safetensors"

    def _seal(self, key: bytes, tensors: dict[str, Tensor]) -> Tensor:
        sealed = blake2b(self._maker.encode() + key + key_of(tensors), digest_size=16)
        return torch.frombuffer(bytearray(sealed.digest()), dtype=torch.uint8)
