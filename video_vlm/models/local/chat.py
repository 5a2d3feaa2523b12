"""A language model of transformers, as a :class:`~video_vlm.chat.ChatModel`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from video_vlm.chat import Tool, Turn
from video_vlm.errors import ModelError
from video_vlm.models.local.chat_input import ChatInput, load_chat_input
from video_vlm.models.local.device import device_of, dtype_of, reason
from video_vlm.models.local.generation import Generation
from video_vlm.models.local.json_constraint import JsonConstraint
from video_vlm.models.local.model_families import family_of
from video_vlm.models.local.model_files import folder_of, libraries
from video_vlm.models.local.quantize import quantized
from video_vlm.models.local.savings import Savings
from video_vlm.models.local.tool_calls import read_call
from video_vlm.models.tool_protocol import called, described

if TYPE_CHECKING:
    from video_vlm.models.local.prompt_cache import PromptCache

__all__ = ["LocalChat", "open_local"]

logger = logging.getLogger(__name__)

_DEFAULT_CONTEXT = 8192


class LocalChat:
    """One model in memory. Thread-safe: it answers one after the other.

    Args:
        model: Of transformers, with ``generate``.
        reader: Its tokenizer and image processor.
        name: What stands on receipts.
        max_images: How many pictures one conversation may hold.
        thrift: What is merged and kept.
        batch_size: How many answers it writes at once where it is given several.
    """

    def __init__(
        self,
        model: Any,
        reader: ChatInput,
        *,
        name: str,
        max_images: int,
        thrift: PromptCache,
        batch_size: int = 1,
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        self.max_images = max_images
        self.thrift = thrift
        self._model = model
        self._reader = reader
        self._busy = Lock()
        self._reading = Lock()
        self._prepared: tuple[tuple[Turn | Tool, ...], dict[str, Any]] | None = None

    @property
    def context_tokens(self) -> int:
        config = self._model.config.get_text_config()
        return int(getattr(config, "max_position_embeddings", None) or _DEFAULT_CONTEXT)

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        return self.thrift.num_tokens(self._inputs(turns), turns)

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """See :meth:`video_vlm.chat.CallsTools.num_call_tokens`."""
        return self.thrift.num_tokens(self._inputs(turns, tools), turns)

    def stream(
        self,
        turns: Sequence[Turn],
        *,
        max_tokens: int = 1024,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.ChatModel.stream`. The most likely token is taken each time: with a
        schema, the most likely of those that may still become such JSON.

        Raises:
            ModelError: there is not enough memory, or the model failed.
        """
        yield from self._written(turns, max_tokens, schema=schema)

    @property
    def calls_tools(self) -> bool:
        return self._reader.calls_tools

    def stream_call(
        self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.CallsTools.stream_call`; in one piece, as a call is read when it is
        whole.

        Raises:
            ModelError: as of :meth:`stream`.
        """
        said = "".join(self._written(turns, max_tokens, tools=tools))
        call = read_call(said, self._reader.tokenizer, described(tools))
        yield said if call is None else called(*call)

    def _written(
        self,
        turns: Sequence[Turn],
        max_tokens: int,
        *,
        schema: Mapping[str, Any] | None = None,
        tools: Sequence[Tool] = (),
    ) -> Iterator[str]:
        with self._busy:
            prepare = partial(self.thrift.prepare, self._inputs(turns, tools), turns)
            tokenizer = self._reader.tokenizer
            shape = None if schema is None else JsonConstraint(tokenizer, schema)
            run = Generation(self._model, tokenizer, prepare, max_tokens=max_tokens, shape=shape)
            try:
                yield from run.pieces()
            finally:
                run.stop()
                self.thrift.done(has_failed=run.has_failed)
                self._prepared = None

    def answers(self, several: Sequence[Sequence[Turn]], *, max_tokens: int = 1024) -> list[str]:
        """See :meth:`video_vlm.chat.Batched.answers`."""
        said: list[str] = []
        while len(said) < len(several):
            some = several[len(said) : len(said) + self.batch_size]
            written = self._together(some, max_tokens) if len(some) > 1 else []
            said += written or ["".join(self.stream(some[0], max_tokens=max_tokens))]
        return said

    def _together(self, several: Sequence[Sequence[Turn]], max_tokens: int) -> list[str]:
        """To the first of them, as many as may be written at once."""
        with self._busy:
            try:
                prompts = ((self._inputs(turns), turns) for turns in several)
                return self.thrift.write_together(prompts, max_tokens=max_tokens)
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(f"the model failed: {reason(error)}") from error
            finally:
                self._prepared = None

    def forget(self) -> None:
        """Frees the memory kept of earlier questions; waits until no answer is being generated."""
        with self._busy:
            self.thrift.forget()

    def _inputs(self, turns: Sequence[Turn], tools: Sequence[Tool] = ()) -> dict[str, Any]:
        """Prepared once where the same turns are counted and then sent."""
        asked: tuple[Turn | Tool, ...] = (*turns, *tools)
        with self._reading:
            # Pictures are not compared: only the very same turns count.
            if self._prepared is None or [*map(id, self._prepared[0])] != [*map(id, asked)]:
                self._prepared = asked, self._reader.inputs(turns, tools=tools)
            return self._prepared[1]


def open_local(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "auto",
    quantization: str = "none",
    savings: Savings | None = None,
    batch_size: int = 4,
) -> LocalChat:
    """Load a model from a folder, or from the local hub cache.

    Args:
        name: The folder, or the name on the hub of a model that is in the cache.
        device: Where it runs, as torch names it; ``auto`` for a GPU if there is one.
        dtype: As torch names it; ``auto`` for the weights' own.
        quantization: ``none``, ``4bit`` or ``8bit`` (bitsandbytes or torchao).
        savings: What is merged and kept; the defaults if None.
        batch_size: How many answers it writes at once at most; it is one at a time where words might differ.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: it is not there, cannot be loaded, or cannot do what is asked.
    """
    torch, transformers = libraries()
    from safetensors import SafetensorError

    from video_vlm.models.local.batched_generate import writes_exactly
    from video_vlm.models.local.disk_features import DiskFeatureStore, feature_maker
    from video_vlm.models.local.prompt_cache import PromptCache

    folder = folder_of(name)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}/config.json is not understood: {reason(error)}") from error
    kind = family_of(config)
    if kind.warning:
        logger.warning("%s", kind.warning)
    reader = load_chat_input(folder, str(config.model_type), has_eyes=kind.max_images > 0)
    place, numbers = device_of(torch, device), dtype_of(torch, dtype)
    options = quantized(quantization, place)
    try:
        model = getattr(transformers, kind.auto_class).from_pretrained(
            folder, dtype=numbers, local_files_only=True, use_safetensors=True, **options
        )
        model = (model if options else model.to(place)).eval()
    except (OSError, ValueError, ImportError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{name} cannot be loaded: {reason(error)}") from error
    has_eyes, savings, stored = kind.max_images > 0, savings or Savings(), None
    if has_eyes and savings.shelf is not None:
        stored = DiskFeatureStore(savings.shelf, feature_maker(folder, model, quantization=quantization))
    thrift = PromptCache(
        model, reader.tokenizer, savings, has_eyes=has_eyes, name=f"hf:{name}", stored=stored
    )
    if not (kind.writes_together and thrift.is_on and thrift.prefixes.are_plain and writes_exactly(model)):
        batch_size = 1
    return LocalChat(
        model, reader, name=f"hf:{name}", max_images=kind.max_images, thrift=thrift, batch_size=batch_size
    )
