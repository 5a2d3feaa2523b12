"""Asks the likeliest videos one by one, from memory first, and joins their answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from video_vlm.display_names import display_names
from video_vlm.errors import QuestionError
from video_vlm.memory import Library
from video_vlm.multi_video.answer import LibraryAnswer, LibraryCoverage, VideoCitation, VideoClaim
from video_vlm.multi_video.video_questions import asked_for_videos, claims_of
from video_vlm.multi_video.video_ranking import Candidate, rank_videos
from video_vlm.records import Answer, Evidence, Receipt, Status, Step
from video_vlm.relook.refinement import is_worth_a_look

__all__ = ["AskOne", "answer_each", "answer_library"]

AskOne = Callable[[str, bool], Answer]
"""Asks the video of a content id; the flag says whether it may be looked at again."""

_ALIKE_SURE = 0.8
"""Of the surest answer's confidence: what is surer than that is told too."""

_MOST_TOLD = 5
_NEAREST = 3
_SEARCH = "search"


@dataclass(frozen=True)
class _Case:
    """A question, and the videos in which something bears on it, likeliest first."""

    question: str
    library: Library
    content_ids: tuple[str, ...]
    ranked: tuple[Candidate, ...]
    paths: Mapping[str, str]
    """Where the files of these videos were last seen; a video that was removed meanwhile has its id."""
    names: Mapping[str, str]
    """What each is called, told from the others."""

    @classmethod
    def of(cls, question: str, library: Library, content_ids: Sequence[str] | None) -> _Case:
        """Ranks the videos for a question.

        Raises:
        QuestionError: the question is empty.
        """
        if not question.strip():
            raise QuestionError('the question is empty: ask something, e.g. "which film shows a lighthouse?"')
        known = (
            [stored.video.content_id for stored in library.videos()] if content_ids is None else content_ids
        )
        chosen = tuple(dict.fromkeys(known))
        ranked = rank_videos(question, library, chosen, all_videos=content_ids is None)
        seen = {stored.video.content_id: str(stored.video.path) for stored in library.videos()}
        paths = {one: seen.get(one, one) for one in chosen}
        return cls(question, library, chosen, tuple(ranked), paths, display_names(paths))

    @property
    def num_found(self) -> int:
        return sum(bool(one.found) for one in self.ranked)

    @property
    def said(self) -> str:
        return f"{len(self.content_ids)} videos: something bears on the question in {self.num_found}"


def answer_each(
    question: str,
    library: Library,
    content_ids: Sequence[str] | None,
    *,
    ask_one: AskOne,
    most: int,
    looks_first: bool = False,
) -> Generator[Answer]:
    """The answers of the likeliest videos, one at a time.

    Where no video is sure from memory alone, the likeliest one for which a look at frames may help is asked
    again with a look. None is asked where the question names nothing to rank videos by.

    Args:
        question: In plain English.
        library: Where the videos are.
        content_ids: Which may be asked; None for all.
        ask_one: How one is asked.
        most: At most so many are.
        looks_first: Whether they may be looked at right away: whoever answers decides.

    Raises:
        QuestionError: the question is empty.
    """
    yield from _answers(_Case.of(question, library, content_ids), ask_one, most=most, looks_first=looks_first)


def answer_library(
    question: str,
    library: Library,
    content_ids: Sequence[str] | None,
    *,
    ask_one: AskOne,
    most: int,
    model: str,
    looks_first: bool = False,
    told: Callable[[Answer], None] = lambda _: None,
) -> LibraryAnswer:
    """One answer from the likeliest videos. A question for videos ("which film shows ...?") is answered by
    the search alone.

    The arguments are those of :func:`answer_each`; ``model`` is the name on the receipt, and ``told`` is
    called with each video's answer.

    Raises:
        QuestionError: the question is empty.
    """
    case = _Case.of(question, library, content_ids)
    listed = _listed(case, most=most)
    if listed is not None:
        return listed
    answers = []
    for answer in _answers(case, ask_one, most=most, looks_first=looks_first):
        told(answer)
        answers.append(answer)
    return _together(case, answers, model=model)


def _answers(case: _Case, ask_one: AskOne, *, most: int, looks_first: bool) -> Generator[Answer]:
    given = []
    for candidate in case.ranked[:most]:
        given.append(ask_one(candidate.content_id, looks_first))
        yield given[-1]
    if looks_first or any(not is_worth_a_look(one) and one.status is Status.ANSWERED for one in given):
        return
    found = {one.content_id for one in case.ranked if one.found}
    worth = next((one for one in given if one.content_id in found and is_worth_a_look(one)), None)
    if worth is not None:
        yield ask_one(worth.content_id, True)


def _listed(case: _Case, *, most: int) -> LibraryAnswer | None:
    """The videos that hold what a question for videos names; None where it is no such question, or none
    does."""
    wanted = asked_for_videos(case.question)
    if not wanted:
        return None
    claims = claims_of(wanted, case.ranked, case.paths, case.names, most=most)
    if not claims:
        return None
    names = ", ".join(dict.fromkeys(claim.citations[0].name for claim, _ in claims))
    return LibraryAnswer(
        question=case.question,
        text=f"{names}. " + " ".join(f"{claim.citations[0].name}: {claim.text}" for claim, _ in claims),
        status=Status.ANSWERED,
        confidence=round(min(0.9 * claims[0][1], 1.0), 2),
        claims=tuple(claim for claim, _ in claims),
        coverage=LibraryCoverage(len(case.content_ids), case.num_found, 0, _unfinished(case)),
        receipt=Receipt(_SEARCH, (Step("search", case.said),)),
    )


def _together(case: _Case, answers: Sequence[Answer], *, model: str) -> LibraryAnswer:
    """The surest answers; of a video that was asked twice, the later one."""
    latest = {answer.content_id: answer for answer in answers}
    good = sorted(
        (one for one in latest.values() if one.status is Status.ANSWERED), key=lambda one: -one.confidence
    )
    told = [one for one in good if one.confidence >= _ALIKE_SURE * good[0].confidence][:_MOST_TOLD]
    left = len(case.ranked) - len(latest)
    unasked = [f"{left} more {'video was' if left == 1 else 'videos were'} not asked"] if left > 0 else []
    return LibraryAnswer(
        question=case.question,
        text=" ".join(f"{case.names[one.content_id]}: {one.text}" for one in told)
        or _abstention(case, answers),
        status=Status.ANSWERED if told else _why_not(answers),
        confidence=told[0].confidence if told else 0.0,
        claims=_joined(case, told),
        coverage=LibraryCoverage(
            len(case.content_ids), case.num_found, len(latest), (*unasked, *_unfinished(case))
        ),
        receipt=_receipt(case, answers, model=model),
        nearest=() if told else _nearest(case),
    )


def _joined(case: _Case, answers: Iterable[Answer]) -> tuple[VideoClaim, ...]:
    """Their claims; what several videos say in the same words is one, cited from all of them."""
    claims: dict[str, list[VideoCitation]] = {}
    for answer in answers:
        for claim in answer.claims:
            claims.setdefault(claim.text, []).extend(
                VideoCitation.of(one, answer.content_id, answer.path, case.names[answer.content_id])
                for one in claim.citations
            )
    return tuple(VideoClaim(text, tuple(dict.fromkeys(citations))) for text, citations in claims.items())


def _why_not(answers: Sequence[Answer]) -> Status:
    given = {one.status for one in answers}
    wanting = (one for one in (Status.NEEDS_EYES, Status.NEEDS_EARS) if one in given)
    return next(wanting, Status.NOT_SHOWN)


def _abstention(case: _Case, answers: Sequence[Answer]) -> str:
    videos = "1 video" if len(case.content_ids) == 1 else f"{len(case.content_ids)} videos"
    if _why_not(answers) is Status.NEEDS_EYES:
        return f"I cannot tell: nothing that was read of {videos} answers this, and it may take seeing it."
    if _why_not(answers) is Status.NEEDS_EARS:
        return f"I cannot tell: nothing that was read of {videos} answers this, and not all was listened to."
    return f"Not shown: nothing that was read of {videos} answers this."


def _unfinished(case: _Case) -> tuple[str, ...]:
    chosen = set(case.content_ids)
    parts = [one for one in case.library.videos() if not one.complete and one.video.content_id in chosen]
    return (f"{len(parts)} not read to the end",) if parts else ()


def _receipt(case: _Case, answers: Sequence[Answer], *, model: str) -> Receipt:
    """Each video is a step; its own steps stand on its own answer."""
    asked = tuple(
        Step("ask", f"{one.path}: {one.status}, {one.confidence:.2f}", num_frames=one.receipt.frames_decoded)
        for one in answers
    )
    frames = sum(one.receipt.frames_decoded for one in answers)
    return Receipt(model, (Step("search", case.said), *asked), frames_decoded=frames)


def _nearest(case: _Case) -> tuple[VideoCitation, ...]:
    """The moments found nearest to the question, wherever they are."""
    # Summaries quote what stands beside them.
    said = (hit for one in case.ranked for hit in one.found if hit.kind is not None or not hit.text)
    hits: list[Evidence] = sorted(said, key=lambda hit: -hit.score)
    cites = (
        VideoCitation(
            hit.content_id,
            case.paths[hit.content_id],
            hit.span,
            hit.text,
            hit.kind,
            name=case.names[hit.content_id],
        )
        for hit in hits
    )
    return tuple(dict.fromkeys(cites))[:_NEAREST]
