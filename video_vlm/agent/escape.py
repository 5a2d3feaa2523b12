"""Makes text from a video harmless in a prompt: it is quoted data that cannot close its quotes.

Subtitles, writing in the picture, titles and names may hold anything, orders to a model included. They are
handed on as JSON strings between two marks. What could be taken for a mark, or for a token that tells a model
whose turn it is, loses its brackets.
"""

from __future__ import annotations

import json
import re

from video_vlm.text import without_hidden

__all__ = ["BEGIN", "END", "escape", "quote"]

BEGIN, END = "<data>", "</data>"

_BRACKETS = str.maketrans({"<": "‹", ">": "›"})
_ROLES = re.compile(
    r"\[\s*(/?)\s*(INST|SYS|SYSTEM|USER|ASSISTANT|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS|SYSTEM_PROMPT|ARGS"
    r"|CALL_ID|THINK|AUDIO|BEGIN_AUDIO|IMG|IMG_BREAK|IMG_END|IMAGE|VIDEO)\s*\]",
    re.I,
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_HALVES = re.compile("[\ud800-\udfff]")


def escape(text: str, *, longest: int = 600) -> str:
    """One line without marks, role tokens or letters that do not show; shortened where it is long."""
    shown = without_hidden(_HALVES.sub("\ufffd", text))
    line = " ".join(_CONTROLS.sub(" ", shown).split()).translate(_BRACKETS)
    line = _ROLES.sub(r"(\1\2)", line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def quote(text: str, *, longest: int = 600) -> str:
    """The text as a JSON string, cut to ``longest`` letters."""
    return json.dumps(escape(text, longest=longest), ensure_ascii=False)
