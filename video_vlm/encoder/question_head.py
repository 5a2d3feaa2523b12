"""A small head that answers the scripted world's questions by a vote of the encoder's tokens.

It adds up what single tokens say and compares none with another: whatever is to be known of order must have
been put into them by the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from video_vlm.encoder.tokens import Tokens
from video_vlm.world import ANSWERS, COLOURS, Question, QuestionKind

__all__ = ["QuestionBatch", "QuestionHead", "as_numbers"]

KINDS = tuple(QuestionKind)


@dataclass(frozen=True, slots=True)
class QuestionBatch:
    """Questions as numbers, each ``(batch questions)``: the kind, the colour asked about (the last number
    where none is), the right answer, and how often a guess is right."""

    kind: Tensor
    about: Tensor
    answer: Tensor
    chance: Tensor

    def to(self, device: torch.device) -> QuestionBatch:
        return QuestionBatch(*(each.to(device) for each in (self.kind, self.about, self.answer, self.chance)))


def as_numbers(questions: Sequence[Sequence[Question]]) -> QuestionBatch:
    """The same number of questions for each clip of a batch."""
    about = {colour: number for number, colour in enumerate(COLOURS)}
    return QuestionBatch(
        torch.tensor([[KINDS.index(one.kind) for one in some] for some in questions]),
        torch.tensor([[about.get(one.about or "", len(COLOURS)) for one in some] for some in questions]),
        torch.tensor([[ANSWERS.index(one.answer) for one in some] for some in questions]),
        torch.tensor([[one.chance for one in some] for some in questions]),
    )


class QuestionHead(nn.Module):
    """Tokens vote on each question: ``(batch tokens width) -> (batch questions answers)``.

    A question chooses which tokens count, and which of what they say; the votes are then added up, and
    nothing compares them. A merged token counts as often as it has patches.
    """

    def __init__(self, width: int, *, num_heads: int = 4) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.kind = nn.Embedding(len(KINDS), width)
        self.about = nn.Embedding(len(COLOURS) + 1, width)
        self.query = _two_layers(2 * width, width)
        self.relevance = _two_layers(2 * width, width)
        self.key = nn.Linear(width, width)
        self.says = _two_layers(width, width)
        self.norm = nn.LayerNorm(width)
        self.votes = nn.Linear(width, len(ANSWERS))
        self.expected = nn.Linear(2 * width, len(ANSWERS))

    def forward(self, tokens: Tokens, asked: QuestionBatch) -> Tensor:
        question = torch.cat((self.kind(asked.kind), self.about(asked.about)), dim=-1)
        seen = self.norm(tokens.values)
        query, key, says = (
            rearrange(each, "batch tokens (heads width) -> batch heads tokens width", heads=self.num_heads)
            for each in (self.query(question), self.key(seen), self.says(seen))
        )
        mask = tokens.size.log()[:, None, None].to(seen.dtype)
        said = scaled_dot_product_attention(query, key, says, attn_mask=mask).transpose(1, 2).flatten(2)
        logits: Tensor = self.votes(said * (1 + self.relevance(question))) + self.expected(question)
        return logits


def _two_layers(width_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, width), nn.GELU(), nn.Linear(width, width))
