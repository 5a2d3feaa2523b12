"""From the words of time in a question to the direction and stretch in which to look."""

from __future__ import annotations

import re
from collections.abc import Mapping

from video_vlm.language.time_operators import OperatorKind, ParsedQuestion
from video_vlm.records import Span
from video_vlm.samplers import TimeAim, TimeMove
from video_vlm.samplers.sampler_input import Channels

__all__ = ["aim_of", "move_of"]

_MOVES: Mapping[OperatorKind, TimeMove] = {
    OperatorKind.AFTER: TimeMove.AFTER,
    OperatorKind.BEFORE: TimeMove.BEFORE,
    OperatorKind.BETWEEN: TimeMove.BETWEEN,
    OperatorKind.DURING: TimeMove.DURING,
    OperatorKind.WITHIN: TimeMove.WITHIN,
}
_SHORTEST_SECONDS, _ADJACENT_SECONDS, _LONGEST_SECONDS = 10.0, 30.0, 75.0
_EXTREMES: Mapping[str, TimeMove] = {"first": TimeMove.FIRST, "last": TimeMove.LAST}
_OVER_ALL = re.compile(
    r"\b(?:never|always|ever|how\s+often|how\s+many|at\s+any\s+(?:time|point|moment)|throughout|in\s+total)\b",
    re.I,
)


def move_of(parsed: ParsedQuestion) -> TimeMove:
    """The direction in time a question moves: by its operator first, then "first" and "last", then words for
    the whole video."""
    if parsed.operator.kind in _MOVES:
        return _MOVES[parsed.operator.kind]
    if parsed.asks_count or _OVER_ALL.search(parsed.text):
        return TimeMove.EVERYWHERE
    return _EXTREMES.get(parsed.extreme or "", TimeMove.ANYWHERE)


def aim_of(parsed: ParsedQuestion, *, whole: Span, anchors: tuple[Channels, ...]) -> TimeAim:
    """The move of a question with its scored anchors, the stretch it names in seconds if any, and its reach
    in seconds."""
    operator = parsed.operator
    window = operator.window.resolve(whole) if operator.window else None
    # A quarter of the video, 10 to 75 s; 30 s at most for "right after"; as far as the question says, if it
    # does.
    longest = _ADJACENT_SECONDS if operator.adjacent else _LONGEST_SECONDS
    reach = min(longest, max(_SHORTEST_SECONDS, whole.duration_seconds / 4))
    if operator.away:
        reach = max(_SHORTEST_SECONDS, operator.away.seconds)
    return TimeAim(move_of(parsed), anchors, window, reach)
