"""A connection to PostgreSQL that runs the package's SQLite statements and returns rows as SQLite's does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import psycopg
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

from video_vlm.memory.postgres.dialect import translated

__all__ = ["Cursor", "PostgresConnection", "Row"]

Parameters = Sequence[object] | Mapping[str, object]


class Row(Sequence[Any]):
    """The values of a row by position and by name; of two columns with one name, the first."""

    __slots__ = ("_names", "_values")

    def __init__(self, values: Sequence[Any], names: Mapping[str, int]) -> None:
        self._values = values
        self._names = names

    def __getitem__(self, key: Any) -> Any:
        return self._values[self._names[key] if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        return list(self._names)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={self[name]!r}' for name in self._names)})"


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
    names: dict[str, int] = {}
    for place, column in enumerate(cursor.description or ()):
        names.setdefault(column.name, place)
    return lambda values: Row(values, names)


class Cursor:
    """The result of a statement."""

    def __init__(self, cursor: ClientCursor[Row]) -> None:
        self._cursor = cursor

    def execute(self, statement: str, parameters: Parameters = ()) -> Self:
        self._cursor.execute(translated(statement), parameters)
        return self

    def executemany(self, statement: str, rows: Iterable[Parameters]) -> Self:
        self._cursor.executemany(translated(statement), list(rows))
        return self

    def fetchone(self) -> Row | None:
        return self._cursor.fetchone()

    def fetchmany(self, size: int) -> list[Row]:
        return self._cursor.fetchmany(size)

    def fetchall(self) -> list[Row]:
        return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Row]:
        return iter(self._cursor)

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        return self._cursor.description

    @property
    def lastrowid(self) -> int:
        """The id of the row inserted last; asks the server."""
        row = self._cursor.connection.execute("SELECT lastval()").fetchone()
        if row is None:
            raise AssertionError("lastval() gives a row or an error")
        return int(row[0])


class PostgresConnection:
    """The part of ``sqlite3.Connection`` that the package uses, over psycopg.

    Values are inserted into statements by the client (``ClientCursor``): a filter that is not used is then a
    constant, and the server plans without it.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.raw = connection

    @property
    def in_transaction(self) -> bool:
        return self.raw.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    def cursor(self) -> Cursor:
        return Cursor(ClientCursor(self.raw, row_factory=_rows))

    def execute(self, statement: str, parameters: Parameters = ()) -> Cursor:
        return self.cursor().execute(statement, parameters)

    def executemany(self, statement: str, rows: Iterable[Parameters]) -> Cursor:
        return self.cursor().executemany(statement, rows)

    def ask(self, statement: str, **parameters: object) -> list[Row]:
        """The rows of a statement in PostgreSQL's own syntax, with parameters as ``%(name)s``."""
        return ClientCursor(self.raw, row_factory=_rows).execute(statement.encode(), parameters).fetchall()

    def tell(self, statement: str) -> None:
        """Run a statement in PostgreSQL's own syntax, without parameters and rows."""
        self.raw.execute(statement.encode())
