"""A tokenizer of whole words for lessons: a name is one token, a number one, its tenth another; no
capitals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from video_vlm.chat import Turn
from video_vlm.world import COLOURS, SHAPES, Way

__all__ = ["IMAGE", "MODEL", "make_tokenizer", "words_of"]

PAD, UNKNOWN, END, IMAGE, USER, MODEL = "<pad>", "<unk>", "<end>", "<image>", "<user>", "<model>"
_SPECIAL: Final = (PAD, UNKNOWN, END, IMAGE, USER, MODEL)
_NAME: Final = f"(?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})"
_DOES: Final = f"moves (?:{'|'.join(Way)})"
_FRAME: Final = r"\] [a-z ]+: \"|seconds\.\""
"""What stands before and behind a line's words, always the same."""
_PIECE: Final = rf"(?:the )?{_NAME}|{_DOES}|{_FRAME}|\.\d(?!\d)|\d+|[a-z]+|[^\s\w]"
"""A name, and an action, is one token: nothing can be learned from their parts."""

_LARGEST_NUMBER = 999

# What a system says is left out: the model has one way of answering.
_TEMPLATE: Final = (
    "{% for m in messages %}{% if m['role'] != 'system' %}"
    "{{ '<user>' if m['role'] == 'user' else '<model>' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<end>{% endif %}{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"
)


def words_of(turns: Iterable[Turn], answers: Iterable[str]) -> frozenset[str]:
    """The words and marks in conversations, numbers aside."""
    said = [part for turn in turns for part in turn.parts if isinstance(part, str)]
    pieces = (piece for text in (*said, *answers) for piece in re.findall(_PIECE, text.lower()))
    return frozenset(piece for piece in pieces if not any(letter.isdigit() for letter in piece))


def make_tokenizer(words: Iterable[str]) -> Any:
    """A fast tokenizer of transformers that knows these words, whole numbers up to 999, and tenths."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    numbers = (*(str(number) for number in range(_LARGEST_NUMBER + 1)), *(f".{tenth}" for tenth in range(10)))
    known = (*_SPECIAL, *sorted({"<", ">", "seconds", *words}), *numbers)
    plain = Tokenizer(models.WordLevel({word: place for place, word in enumerate(known)}, unk_token=UNKNOWN))
    plain.normalizer = normalizers.Lowercase()
    plain.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECE), behavior="removed", invert=True)
    # Words are joined by spaces, marks and tenths stand close.
    plain.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    made = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=[IMAGE, USER, MODEL],
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = _TEMPLATE
    return made
