"""Checks each claim a second time against only the frames and words it cites."""

from __future__ import annotations

import re
from collections.abc import Sequence

from video_vlm.agent.context_window import fit_context
from video_vlm.agent.prompt import evidence_alone
from video_vlm.agent.shown_frames import FrameLoader
from video_vlm.chat import ChatModel
from video_vlm.models.tool_protocol import parsed
from video_vlm.records import Claim, Step

__all__ = ["check_claims"]

_SCHEMA = {"type": "object", "properties": {"shown": {"type": "boolean"}}, "required": ["shown"]}
_MOST_FRAMES = 4
_TOKENS = 64
_YES, _NO = re.compile(r"\b(?:yes|true)\b", re.I), re.compile(r"\b(?:no|false|not)\b", re.I)


def check_claims(
    claims: Sequence[Claim], model: ChatModel, images: FrameLoader | None
) -> tuple[tuple[Claim, ...], tuple[Step, ...]]:
    """The claims that the model confirms when it sees only what they cite, and a step for each claim.

    Raises:
        ModelError: the model cannot be reached.
    """
    steps, kept = [], []
    for claim in claims:
        spans = [citation.span for citation in claim.citations]
        frames = () if images is None or not model.max_images else images.again(spans, most=_MOST_FRAMES)
        turns = evidence_alone(claim, frames)
        reply = "".join(
            model.stream(fit_context(turns, model, answer_tokens=_TOKENS), max_tokens=_TOKENS, schema=_SCHEMA)
        )
        is_shown = _is_yes(reply)
        steps.append(
            Step("verify", f"{'shown' if is_shown else 'dropped, not shown'}: {claim.text}", len(frames))
        )
        kept += [claim] if is_shown else []
    return tuple(kept), tuple(steps)


def _is_yes(reply: str) -> bool:
    """Only a plain yes is one."""
    try:
        found = parsed(reply[reply.index("{") : reply.rindex("}") + 1])
    except ValueError:
        return bool(_YES.search(reply)) and not _NO.search(reply)
    return isinstance(found, dict) and found.get("shown") is True
