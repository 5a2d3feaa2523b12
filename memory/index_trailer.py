"""The last line of an index file: the state it was built from, how it searches, and its checksums."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

__all__ = ["EXACT", "ID", "IndexHeader", "Method", "Trailer"]

FILE_FORMAT: Final = 2

ID: Final = np.dtype("<i8")
"""The type of ids in the file."""


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """The state an index was built from: ``encoder`` names the list of vectors, ``revision`` its state."""

    encoder: str
    dimension: int
    revision: str
    format: int = FILE_FORMAT


@dataclass(frozen=True, slots=True)
class Method:
    """How an index searches: exactly, or in ``num_probed`` of ``num_lists`` lists.

    ``recall`` is the share of the ten nearest vectors that it found, in ``[0, 1]``, measured with
    ``num_questions`` questions when it was built.
    """

    num_vectors: int = 0
    num_lists: int = 0
    num_probed: int = 0
    recall: float = 1.0
    num_questions: int = 0

    @property
    def is_exact(self) -> bool:
        return self.num_lists == 0

    def __str__(self) -> str:
        if self.is_exact:
            return f"{self.num_vectors} vectors, exact"
        return (
            f"{self.num_vectors} vectors, approximate: {self.num_probed} of {self.num_lists} lists,"
            f" 16-bit numbers, recall@10 {self.recall:.3f} on {self.num_questions} questions"
        )


EXACT: Final = Method()


@dataclass(frozen=True, slots=True)
class Trailer:
    """The last line of a file. The parts before it are, in this order: the head of the index, its lists, the
    ids, the checksums of the lists. Sizes are in bytes; ``head``, ``ids`` and ``lists`` are SHA-256."""

    header: IndexHeader
    method: Method
    head_bytes: int
    list_bytes: tuple[int, ...]
    num_ids: int
    head: str
    ids: str
    lists: str

    @property
    def payload_bytes(self) -> int:
        return self.head_bytes + sum(self.list_bytes)

    @property
    def table_start(self) -> int:
        return self.payload_bytes + self.num_ids * ID.itemsize

    def line(self) -> bytes:
        fields = asdict(self)
        seal = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        return json.dumps({**fields, "seal": seal}, sort_keys=True).encode()

    @classmethod
    def of(cls, line: bytes) -> Trailer:
        """The trailer in a line of bytes.

        Raises:
            ValueError: not such a line, or its checksum does not match.
        """
        fields = json.loads(line)
        header, method = IndexHeader(**fields.pop("header")), Method(**fields.pop("method"))
        del fields["seal"]
        found = cls(header, method, **{**fields, "list_bytes": tuple(fields["list_bytes"])})
        if found.line() != line:
            raise ValueError("its seal does not match")
        return found
