"""Questions whose answer is a video: "Which film shows a lighthouse?", "In which lectures is Darwin
mentioned?"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from video_vlm.language.query import TELLING_WEIGHT, Term, terms
from video_vlm.language.quoting import quoted_words
from video_vlm.multi_video.answer import VideoCitation, VideoClaim
from video_vlm.multi_video.video_ranking import Candidate, share
from video_vlm.records import Evidence

__all__ = ["asked_for_videos", "claims_of"]

_NOUN = r"(?:videos?|films?|movies?|clips?|recordings?|lectures?|talks?|episodes?|tapes?|footage|files?)"
_VERB = (
    r"(?:shows?|showing|contains?|mentions?|mentioning|features?|includes?|explains?|discuss(?:es)?|says?|names?|"
    r"talks?\s+(?:about|of)|speaks?\s+(?:about|of)|(?:is|are)\s+about|deals?\s+with)"
)
_WHICH = re.compile(
    rf"^\W*(?:which|what)\s+(?:of\s+\w+\s+)?{_NOUN}\s+(?:\w+ly\s+)?{_VERB}\s+(?P<what>.+)$", re.I | re.S
)
_IN_WHICH = re.compile(
    rf"^\W*(?:in|on)\s+(?:which|what)\s+(?:of\s+\w+\s+)?{_NOUN}\s+(?P<what>.+)$", re.I | re.S
)

_FITS = 0.67
_CITED = 2
"""Moments told of each video."""


def asked_for_videos(question: str) -> tuple[Term, ...]:
    """The words that the wanted videos must hold; empty where the question does not ask for videos."""
    found = _WHICH.match(question) or _IN_WHICH.match(question)
    # The dash keeps a capital at the beginning from being taken for that of a sentence.
    return (
        tuple(term for term in terms(f"- {found['what']}") if term.weight >= TELLING_WEIGHT) if found else ()
    )


def claims_of(
    wanted: Sequence[Term],
    candidates: Sequence[Candidate],
    paths: Mapping[str, str],
    names: Mapping[str, str],
    *,
    most: int,
) -> list[tuple[VideoClaim, float]]:
    """A claim for each video that holds what is wanted, with the share of it in [0, 1], the largest first."""
    told = [one for candidate in candidates if (one := _claim(wanted, candidate, paths, names))]
    return sorted(told, key=lambda pair: -pair[1])[:most]


def _claim(
    wanted: Sequence[Term], candidate: Candidate, paths: Mapping[str, str], called: Mapping[str, str]
) -> tuple[VideoClaim, float] | None:
    """The moments that hold most of what is wanted, in order of time; None where too little or a name is
    missing."""
    names = [term for term in wanted if term.strict]
    fitting = [
        (share(wanted, [hit.text]), hit)
        for hit in candidate.found
        if hit.text and share(names, [hit.text]) >= 0.99 * bool(names)
    ]
    fits = max((fit for fit, _ in fitting), default=0.0)
    if fits < _FITS:
        return None
    # A scene's summary quotes what is said in it: the words themselves are cited where they are at hand.
    best = sorted((hit for fit, hit in fitting if fit >= 0.9 * fits), key=lambda hit: hit.kind is None)
    hits = sorted(_apart(best), key=lambda hit: hit.span)
    video = candidate.content_id
    cited = tuple(
        VideoCitation(video, paths[video], hit.span, hit.text, hit.kind, name=called[video]) for hit in hits
    )
    return VideoClaim(" ".join(quoted_words(hit.kind, hit.span, hit.text) for hit in hits), cited), fits


def _apart(hits: Sequence[Evidence]) -> Iterator[Evidence]:
    """A few that are not of the same moment."""
    kept: list[Evidence] = []
    for hit in hits:
        if len(kept) < _CITED and not any(hit.span.overlaps(other.span) for other in kept):
            kept.append(hit)
            yield hit
