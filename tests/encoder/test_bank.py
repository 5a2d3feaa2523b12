from __future__ import annotations

import pytest
import torch
from torch import Tensor

from video_vlm.encoder.memory_bank import MemoryBank

POSITIONS, WIDTH = 3, 8


def stream(num_frames: int) -> Tensor:
    return torch.randn(num_frames, POSITIONS, WIDTH, generator=torch.Generator().manual_seed(0))


def after(num_frames: int, *, capacity: int) -> MemoryBank:
    bank = MemoryBank.empty(capacity, positions=POSITIONS, width=WIDTH)
    for number, frame in enumerate(stream(num_frames)):
        bank = bank.pushed(frame, number=number, start=number / 2, end=(number + 1) / 2)
    return bank


@pytest.mark.parametrize("num_frames", [1, 4, 5, 40])
@pytest.mark.parametrize("capacity", [1, 4])
def test_it_never_holds_more_than_it_may_and_forgets_no_frame(num_frames: int, capacity: int) -> None:
    bank = after(num_frames, capacity=capacity)

    assert len(bank.values) == min(num_frames, capacity)
    assert (bank.size.sum(dim=0) == num_frames).all()
    assert torch.equal(bank.size, (bank.last - bank.first + 1).float())


def test_what_it_holds_tiles_the_stream() -> None:
    bank = after(40, capacity=4)

    assert (bank.first[0] == 0).all()
    assert (bank.last[-1] == 39).all()
    assert torch.equal(bank.first[1:], bank.last[:-1] + 1)
    assert torch.equal(bank.start, bank.first / 2)
    assert torch.equal(bank.end, (bank.last + 1) / 2)


def test_neighbours_that_are_most_alike_become_one() -> None:
    bank = MemoryBank.empty(2, positions=1, width=2)
    for number, value in enumerate(([1.0, 0.0], [0.0, 1.0], [0.1, 1.0])):
        bank = bank.pushed(torch.tensor([value]), number=number, start=number, end=number + 1)

    assert bank.size[:, 0].tolist() == [1, 2]
    assert torch.allclose(bank.values[1, 0], torch.tensor([0.05, 1.0]))


def test_the_mean_is_that_of_all_that_went_in() -> None:
    bank = after(40, capacity=1)

    assert torch.allclose(bank.values[0], stream(40).mean(dim=0), atol=1e-5)


def test_a_bank_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity 0"):
        MemoryBank.empty(0, positions=1, width=1)
