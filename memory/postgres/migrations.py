"""Making a library's schema and migrating it to the present format, in one transaction."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import Connection, sql

from video_vlm.address import Address
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly, LibraryTooNew
from video_vlm.memory.postgres.schema import FORMATS

__all__ = ["FORMAT_VERSION", "WRITING", "check_present_format", "migrate", "use_schema"]

FORMAT_VERSION: Final = len(FORMATS)

WRITING: Final = "SELECT pg_advisory_xact_lock(hashtext('videoqa'), hashtext(%s))"
"""Writers to one schema take turns; held until the transaction ends, however it ends."""

_COLLATIONS: Final = ("pg_c_utf8", "und-x-icu", "default")
"""Collations that distinguish letters from signs in any script, best first; the last one depends on the
server's locale."""


def use_schema(connection: Connection[Any], address: Address) -> None:
    """Set the search path: names without a schema mean the library's own schema, then that of pgvector."""
    row = connection.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace"
        " WHERE extname = 'vector'"
    ).fetchone()
    beside = row[0] if row is not None else "public"
    path = sql.SQL("SET search_path TO {}, {}").format(sql.Identifier(address.schema), sql.Identifier(beside))
    connection.execute(path)


def check_present_format(connection: Connection[Any], address: Address) -> None:
    """Check that a library to be read has the present format.

    Raises:
        LibraryError: there is no library.
        LibraryReadOnly: it has to be migrated first.
        LibraryDamaged: the schema is another program's.
        LibraryTooNew: a later version made it.
    """
    version = _format(connection, address)
    if version == 0:
        raise LibraryError(
            f"{address.shown}: there is no library here; index a video first, or name another one"
        )
    if version < FORMAT_VERSION:
        raise LibraryReadOnly(
            f"{address.shown} has format {version}: open it once for writing to bring it up to date"
        )


def migrate(connection: Connection[Any], address: Address) -> None:
    """Make the schema or migrate it, in one transaction; two processes may do this at once.

    Raises:
        LibraryDamaged: the schema is another program's.
        LibraryTooNew: a later version made it.
        LibraryError: the server has no pgvector, or keeps its text in another encoding.
    """
    if _format(connection, address) == FORMAT_VERSION:
        return
    with connection.transaction():
        connection.execute(WRITING, (address.schema,))
        version = _format(connection, address)
        if version == 0:
            _make_schema(connection, address)
        use_schema(connection, address)
        letters = _letters_collation(connection)
        for number in range(version, FORMAT_VERSION):
            for statements in FORMATS[number]:
                connection.execute(statements.replace("{letters}", f'"{letters}"').encode())
            connection.execute("UPDATE library SET format = %s", (number + 1,))


def _make_schema(connection: Connection[Any], address: Address) -> None:
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding is None or encoding[0] != "UTF8":
        raise LibraryError(
            f"{address.shown}: the database's encoding must be UTF8, not {encoding and encoding[0]}"
        )
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise LibraryError(
            f"{address.shown}: pgvector is not in this database ({why});"
            " install it, or have an administrator type: CREATE EXTENSION vector"
        ) from error
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(address.schema)))
    use_schema(connection, address)
    connection.execute("CREATE TABLE library (made_by TEXT NOT NULL, format BIGINT NOT NULL)")
    connection.execute("INSERT INTO library VALUES ('videoqa', 0)")


def _format(connection: Connection[Any], address: Address) -> int:
    """The format of the library; 0 where there is none yet."""
    rows = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (address.schema,)
    )
    tables = {name for (name,) in rows}
    if not tables:
        return 0
    made_by = sql.SQL("SELECT made_by, format FROM {}").format(sql.Identifier(address.schema, "library"))
    row = connection.execute(made_by).fetchone() if "library" in tables else None
    if row is None or row[0] != "videoqa":
        raise LibraryDamaged(
            f"{address.shown}: the schema {address.schema} is another program's; name another one"
        )
    version = int(row[1])
    if version > FORMAT_VERSION:
        raise LibraryTooNew(
            f"{address.shown} has format {version}, this version reads up to {FORMAT_VERSION}:"
            " pip install --upgrade video-vlm"
        )
    return version


def _letters_collation(connection: Connection[Any]) -> str:
    rows = connection.execute(
        "SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace"
        " AND collencoding IN (-1, pg_char_to_encoding('UTF8'))"
    )
    there = {name for (name,) in rows}
    return next(name for name in _COLLATIONS if name in there)
