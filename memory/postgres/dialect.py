"""Translates the package's SQLite statements to PostgreSQL.

The schema does most of it: columns have the same names, ``complete`` is a boolean, texts are compared byte by
byte (``COLLATE "C"``), and ``listed`` replaces ``json_each``. The rest is syntax, and SQLite's hints about
the order of joins (``CROSS JOIN ... ON``, ``INDEXED BY``), which PostgreSQL does not need.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["translated"]

_TOKEN = re.compile(
    r"""
    (?P<text>'(?:[^']|'')*' | "[^"]*") | (?P<cast>::) | (?P<named>:(?P<name>[a-z_]+)) | (?P<place>\?) | (?P<percent>%)
    | (?P<each>\bjson_each\() | (?P<hint>\ INDEXED\ BY\ \w+) | (?P<order>\bCROSS\ JOIN\b)
    """,
    re.VERBOSE,
)

_OR_IGNORE: Final = "INSERT OR IGNORE INTO"

_SPELLINGS: Final = {"place": "%s", "percent": "%%", "each": "listed(", "hint": "", "order": "JOIN"}


@lru_cache(maxsize=512)
def translated(statement: str) -> bytes:
    """A SQLite statement in the syntax of psycopg.

    ``SELECT :a, '%' WHERE b = ?`` -> ``SELECT %(a)s, '%%' WHERE b = %s``; ``INSERT OR IGNORE INTO t ...`` ->
    ``INSERT INTO t ... ON CONFLICT DO NOTHING``.
    """
    spelt = _TOKEN.sub(_spelt, statement)
    if spelt.lstrip().startswith(_OR_IGNORE):
        spelt = f"{spelt.replace(_OR_IGNORE, 'INSERT INTO', 1)} ON CONFLICT DO NOTHING"
    return spelt.encode()


def _spelt(match: re.Match[str]) -> str:
    if match["name"]:
        return f"%({match['name']})s"
    return _SPELLINGS.get(match.lastgroup or "", match[0].replace("%", "%%"))
