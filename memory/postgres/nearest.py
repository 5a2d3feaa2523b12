"""Nearest vectors in PostgreSQL: exact while a list is short or videos are named, by pgvector's HNSW when it
is long.

HNSW alone finds a few nearest vectors and then applies the filter, which may leave too few. So the index is
searched repeatedly (``hnsw.iterative_scan``) until enough are found; where that fails the list is searched
exactly. The index is over ``spread`` vectors (see the schema): thousands of equal vectors would disconnect
its graph.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.postgres.connection import PostgresConnection
from video_vlm.memory.postgres.database import PostgresDatabase
from video_vlm.memory.vector_index import check_dimension, to_blob

__all__ = ["VectorList"]

Vector = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)


_MOST_DIMENSIONS: Final = {"vector": 2000, "halfvec": 4000}
"""The limits of HNSW; vectors above the second are always searched exactly."""

_SPREAD: Final = 8
"""The number of dimensions that ``spread`` adds."""

_EF_SEARCH: Final = 400
_MOST_SCANNED: Final = 50_000

_INDEX: Final = """
    CREATE INDEX CONCURRENTLY "{name}" ON {table}
    USING hnsw ((spread(vector, {id})::{kind}({dimension})) {kind}_ip_ops) WITH (m = 24, ef_construction = 128)
    WHERE encoder = {encoder}
"""

_SETTINGS: Final = f"""
    SET LOCAL hnsw.iterative_scan TO relaxed_order;
    SET LOCAL hnsw.ef_search TO {_EF_SEARCH};
    SET LOCAL hnsw.max_scan_tuples TO {_MOST_SCANNED};
    SET LOCAL enable_sort TO off;
"""
"""Sorting is off because the planner, whose statistics may be old, would otherwise sort instead of using the
index."""


@dataclass(frozen=True, slots=True)
class VectorList:
    """The vectors of one encoder in one table.

    Args:
        database: The library.
        table: ``vectors`` or ``sights``, as ``v``.
        encoder: The name of the vectors' encoder.
        dimension: The length of each vector.
        exact_up_to: Up to so many vectors are searched exactly.
    """

    database: PostgresDatabase
    table: str
    encoder: str
    dimension: int
    exact_up_to: int = EXACT_UP_TO

    def exact(
        self,
        connection: PostgresConnection,
        query: npt.NDArray[np.float32],
        *,
        found: str,
        limit: int,
        **values: object,
    ) -> list[tuple[int, float]]:
        """Ids and cosines, nearest first, then in order of id.

        Args:
            connection: A transaction.
            query: A vector of norm 1, ``(dimension,)``.
            found: SQL after ``FROM``, with filters, of rows that have ``id`` and ``vector`` of the table
                ``v``.
            limit: At most so many.
            values: The parameters of ``found``.

        Raises:
            LibraryError: another model has written under this encoder's name.
        """
        for row in connection.ask("SELECT dimension FROM encoders WHERE name = %(name)s", name=self.encoder):
            check_dimension(self.encoder, stored=row["dimension"], given=self.dimension)
        rows = connection.ask(
            f"SELECT {self._id} AS id, -(v.vector <#> %(query)s) AS cosine FROM {found}"
            " ORDER BY v.vector <#> %(query)s, 1 LIMIT %(limit)s",
            query=to_blob(query),
            encoder=self.encoder,
            limit=limit,
            **values,
        )
        return [(row["id"], row["cosine"]) for row in rows]

    def indexed(
        self,
        connection: PostgresConnection,
        query: npt.NDArray[np.float32],
        *,
        found: str,
        limit: int,
        **values: object,
    ) -> list[tuple[int, float]]:
        """The same by HNSW; exact where there is no index, or it finds too few."""
        if not self._has_index(connection):
            return self.exact(connection, query, found=found, limit=limit, **values)
        connection.tell(_SETTINGS)
        kind = f"{self._kind}({self.dimension + _SPREAD})"
        near = f"(spread(v.vector, {self._id})::{kind}) <#> %(spread)s::{kind}"
        rows = connection.ask(
            f"WITH near AS MATERIALIZED (SELECT {self._id} AS id, v.vector FROM {found}"
            f" ORDER BY {near} LIMIT %(limit)s)"
            " SELECT v.id, -(v.vector <#> %(query)s) AS cosine FROM near AS v ORDER BY 2 DESC, 1",
            query=to_blob(query),
            spread=to_blob(np.append(query, np.zeros(_SPREAD, np.float32))),
            encoder=self.encoder,
            limit=limit,
            **values,
        )
        if len(rows) < limit:
            return self.exact(connection, query, found=found, limit=limit, **values)
        return [(row["id"], row["cosine"]) for row in rows]

    def ensure_index(self) -> None:
        """Build the index if the list has become long; others may read and write meanwhile."""
        if self.database.read_only or self._kind is None:
            return
        with self.database.reading() as connection:
            if self._has_index(connection) or not self._is_long(connection):
                return
        with self.database.outside() as connection:
            (row,) = connection.ask(
                "SELECT pg_try_advisory_lock(hashtext(%(name)s)) AS mine", name=self._lock_name
            )
            if not row["mine"]:
                return  # Another process is building it.
            try:
                self._make_index(connection)
            finally:
                connection.ask("SELECT pg_advisory_unlock(hashtext(%(name)s))", name=self._lock_name)

    def _make_index(self, connection: PostgresConnection) -> None:
        if self._has_index(connection):
            return
        _log.info("making an HNSW index over the vectors of %s in %s", self.encoder, self.database.where)
        # An interrupted build leaves an invalid index.
        connection.tell(f'DROP INDEX IF EXISTS "{self._index}"')
        literal = connection.ask("SELECT quote_literal(%(encoder)s) AS name", encoder=self.encoder)[0]["name"]
        connection.tell(
            _INDEX.format(
                name=self._index,
                table=self.table,
                id=self._id.removeprefix("v."),
                kind=self._kind,
                dimension=self.dimension + _SPREAD,
                encoder=literal,
            )
        )
        connection.tell(f"ANALYZE {self.table}")

    def _has_index(self, connection: PostgresConnection) -> bool:
        rows = connection.ask(
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%(name)s) AND indisvalid",
            name=f'"{self._index}"',
        )
        return bool(rows)

    def _is_long(self, connection: PostgresConnection) -> bool:
        (row,) = connection.ask(
            f"SELECT count(*) AS some FROM (SELECT 1 FROM {self.table}"
            " WHERE encoder = %(encoder)s LIMIT %(most)s) AS one",
            encoder=self.encoder,
            most=self.exact_up_to + 1,
        )
        return bool(row["some"] > self.exact_up_to)

    @property
    def _id(self) -> str:
        return {"vectors": "v.passage", "sights": "v.id"}[self.table]

    @property
    def _kind(self) -> str | None:
        return next(
            (kind for kind, most in _MOST_DIMENSIONS.items() if self.dimension + _SPREAD <= most), None
        )

    @property
    def _index(self) -> str:
        name = hashlib.sha256(f"{self.encoder} {self.dimension}".encode()).hexdigest()[:16]
        return f"{self.table}_hnsw_{name}"

    @property
    def _lock_name(self) -> str:
        return f"{self.database.address.schema}.{self._index}"
