"""From turns to a model's inputs: words through its chat template, each image behind its time.

A picture is handed over by itself, never as a video: families that take videos fuse pictures in pairs, so
that two far apart in time would become one; and what a model is told of time is the text in front of each
picture, the same for all.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from video_vlm.chat import Part, Tool, Turn
from video_vlm.errors import ModelError
from video_vlm.models.local.device import reason
from video_vlm.models.tool_protocol import described, messages
from video_vlm.records import Frame

__all__ = ["ChatInput", "load_chat_input", "stamp"]

_OF_FOUR = "InstructBlipVideoProcessor"
_INSTRUCTION = 512
"""So many tokens of an instruction a Q-Former reads; the language model behind it reads all."""
_NOT_NEEDED = frozenset({"video_processor", "feature_extractor"})
_PARTS = _NOT_NEEDED | {"image_processor", "tokenizer", "chat_template", "kwargs", "args"}


_TRIAL_TOOL = Tool(
    "open_gate", "Lift the bar.", {"type": "object", "properties": {"height": {"type": "number"}}}
)
_TRIAL = (
    Turn("system", ("Begin.",)),
    Turn("user", ("Lift it.",)),
    Turn("assistant", ('{"action": "open_gate", "height": 4711}',)),
    Turn("user", ("The bar is up.",)),
)
_TRIAL_WORDS = ("open_gate", "Lift the bar.", "4711", "The bar is up.")


class ChatInput:
    """A model's tokenizer and, where it has eyes, its image processor.

    Args:
        processor: Of transformers: a processor of words and pictures, or a tokenizer.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self.tokenizer: Any = getattr(processor, "tokenizer", processor)
        self._has_eyes = self.tokenizer is not processor
        names = {*self.tokenizer.all_special_tokens, *self.tokenizer.get_added_vocab()}
        self._control = sorted((name for name in names if len(name) > 1), key=len, reverse=True)

    @cached_property
    def calls_tools(self) -> bool:
        """Whether the chat template can render tools, calls and their results: a trial must contain all of
        them."""
        from jinja2 import TemplateError

        template = self._template
        if not isinstance(template, str) or "tools" not in template:
            return False
        try:
            told = self._rendered(template, _TRIAL, (_TRIAL_TOOL,))
        except (TemplateError, ValueError, TypeError, KeyError):
            return False
        return all(word in told for word in _TRIAL_WORDS)

    def inputs(self, turns: Sequence[Turn], *, tools: Sequence[Tool] = ()) -> dict[str, Any]:
        """Tensors for ``generate``: ``input_ids`` ``(1 tokens)`` and what belongs to the pictures.

        Args:
            turns: The conversation so far.
            tools: What the model may call; only where :attr:`calls_tools`.

        Raises:
            ModelError: the model has no chat template, or its template refuses the turns.
        """
        from jinja2 import TemplateError

        template = self._template
        if not template:
            return self._read(self._script(turns), turns)
        try:
            return self._read(self._rendered(template, turns, tools), turns)
        except TemplateError:
            pass  # some templates know no system, and want user and assistant in turn
        except ValueError as error:
            raise ModelError(f"the model cannot read the turns: {reason(error)}") from error
        try:
            return self._read(self._rendered(template, tuple(_without_system(turns)), tools), turns)
        except (TemplateError, ValueError) as error:
            raise ModelError(f"the model's chat template refuses the turns: {reason(error)}") from error

    @property
    def _template(self) -> str | None:
        found: str | None = getattr(self._processor, "chat_template", None) or self.tokenizer.chat_template
        return found

    def _rendered(self, template: str, turns: Sequence[Turn], tools: Sequence[Tool] = ()) -> str:
        told = messages(turns, self._content, tools=[tool.name for tool in tools], as_text=False)
        prompt: str = self.tokenizer.apply_chat_template(
            told,
            tools=described(tools) or None,
            chat_template=template,
            tokenize=False,
            add_generation_prompt=True,
        )
        return prompt

    def _read(self, prompt: str, turns: Sequence[Turn]) -> dict[str, Any]:
        # Families' own ways through a chat template reach for their part for videos.
        pictures = [
            Pillow.fromarray(part.image) for turn in turns for part in turn.parts if isinstance(part, Frame)
        ]
        # The processor takes a list for each conversation, or the four of the one video it knows: the last
        # one is repeated where there are fewer.
        is_of_four = type(self._processor).__name__ == _OF_FOUR
        shown = [*pictures, *pictures[-1:] * 4][:4] if is_of_four else [pictures]
        images = {"images": shown} if pictures and self._has_eyes else {}
        has_start = bool(self.tokenizer.bos_token) and prompt.startswith(self.tokenizer.bos_token)
        read = dict(
            self._processor(text=[prompt], return_tensors="pt", add_special_tokens=not has_start, **images)
        )
        return {
            name: value[:, :_INSTRUCTION] if name.startswith("qformer_") else value
            for name, value in read.items()
        }

    def _script(self, turns: Sequence[Turn]) -> str:
        """For models without a chat template: their words one after the other."""
        parts = [part for turn in turns for part in turn.parts]
        said = [self._harmless(part) for part in parts if isinstance(part, str)]
        times = [stamp(part) for part in parts if isinstance(part, Frame)]
        return "\n".join((*times, *said, "Answer:"))

    def _content(self, turn: Turn) -> str | list[dict[str, Any]]:
        if not self._has_eyes:
            return "\n".join(self._harmless(part) for part in turn.parts if isinstance(part, str))
        pieces: list[dict[str, Any]] = []
        for part in turn.parts:
            if isinstance(part, str):
                pieces.append({"type": "text", "text": self._harmless(part) + "\n"})
            else:
                pieces += [{"type": "text", "text": stamp(part)}, {"type": "image"}]
        return pieces

    def _harmless(self, text: str) -> str:
        """Words that are tokens of control to this model fall apart: ``<|im_end|>`` becomes ``<
        |im_end|>``."""
        for name in self._control:
            text = text.replace(name, f"{name[0]} {name[1:]}")
        return text


def stamp(picture: Frame) -> str:
    """The text in front of a frame: its time in seconds."""
    return f"<{picture.pts_seconds:.1f} seconds>"


def _without_system(turns: Iterable[Turn]) -> Iterator[Turn]:
    """What the system says becomes the beginning of what the user says first."""
    said: tuple[Part, ...] = ()
    for turn in turns:
        if turn.role == "system":
            said += turn.parts
        elif turn.role == "user" and said:
            yield Turn("user", (*said, *turn.parts))
            said = ()
        else:
            yield turn


def load_chat_input(folder: Path, model_type: str, *, has_eyes: bool) -> ChatInput:
    """Loads the tokenizer and image processor of the model in ``folder``; nothing is downloaded.

    Raises:
        ModelError: its files are missing or not understood.
    """
    import transformers

    try:
        if not has_eyes:
            return ChatInput(transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True))
        from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

        family = getattr(transformers, str(PROCESSOR_MAPPING_NAMES[model_type]))
        if {"image_processor", "video_processor"} <= inspect.signature(family).parameters.keys():
            # The part for videos is never asked, and needs torchvision; most parts for pictures do not.
            return ChatInput(_of_pictures(transformers, folder, family))
        return ChatInput(transformers.AutoProcessor.from_pretrained(folder, local_files_only=True))
    except (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the tokenizer or image processor in {folder} cannot be loaded: {reason(error)}"
        ) from error


class _Absent:
    """Stands where a part for videos or sound would, and knows the settings it would share with pictures."""

    def __init__(self, pictures: Any) -> None:
        self._pictures = pictures

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._pictures, name)


def _with_absent_parts(family: type) -> type:
    """A family's processor that may be built without all of its parts."""

    def check(self: Any, name: str, part: object) -> type:
        if isinstance(part, _Absent):
            return _Absent
        return family.check_argument_for_proper_class(self, name, part)  # type: ignore[attr-defined, no-any-return]

    return type(family.__name__, (family,), {"check_argument_for_proper_class": check})


def _of_pictures(transformers: Any, folder: Path, family: Any) -> Any:
    """The family's own processor without its parts for videos and sound."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    pictures = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    template = folder / "chat_template.jinja"
    written = template.read_text(encoding="utf-8") if template.is_file() else tokenizer.chat_template
    absent = inspect.signature(family).parameters.keys() & _NOT_NEEDED
    return _with_absent_parts(family)(
        image_processor=pictures,
        tokenizer=tokenizer,
        chat_template=written,
        **dict.fromkeys(absent, _Absent(pictures)),
        **_own_settings(folder, family),
    )


def _own_settings(folder: Path, family: type) -> dict[str, Any]:
    """What a processor keeps of itself beside its parts, such as how many tokens a picture becomes."""
    path = folder / "processor_config.json"
    written = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known = inspect.signature(family).parameters.keys() - _PARTS
    return {name: value for name, value in written.items() if name in known}
