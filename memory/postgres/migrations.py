"""Making a library's schema, and bringing it to the present format: each step whole or not at all."""

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
"""Those that tell letters from signs in any script, best first; the last one knows what the server's locale
knows."""


def use_schema(connection: Connection[Any], address: Address) -> None:
    """Names without a schema mean the library's own, then the one that pgvector is in."""
    row = connection.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname = "
        "'vector'"
    ).fetchone()
    beside = row[0] if row is not None else "public"
    path = sql.SQL("SET search_path TO {}, {}").format(sql.Identifier(address.schema), sql.Identifier(beside))
    connection.execute(path)


def check_present_format(connection: Connection[Any], address: Address) -> None:
    """For those who only read.

    Raises:
        LibraryError: there is no library.
        LibraryReadOnly: it has to be brought up to date first.
        LibraryDamaged, LibraryTooNew: as :func:`migrate`.
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
    """Make what is missing, in one transaction; two processes may do this at once.

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
        letters = _letters(connection)
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
        raise LibraryError(
            f"{address.shown}: pgvector is not in this database ({_line(error)});"
            " install it, or have an administrator type: CREATE EXTENSION vector"
        ) from error
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(address.schema)))
    use_schema(connection, address)
    connection.execute("CREATE TABLE library (made_by TEXT NOT NULL, format BIGINT NOT NULL)")
    connection.execute("INSERT INTO library VALUES ('videoqa', 0)")


def _format(connection: Connection[Any], address: Address) -> int:
    """0 where there is nothing yet."""
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (address.schema,)
        )
    }
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


def _letters(connection: Connection[Any]) -> str:
    there = {
        name
        for (name,) in connection.execute(
            "SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace"
            " AND collencoding IN (-1, pg_char_to_encoding('UTF8'))"
        )
    }
    return next(name for name in _COLLATIONS if name in there)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
