"""Tables as files: CSV for spreadsheets, JSON Lines and Parquet for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from video_vlm.errors import MissingExtra
from video_vlm.export.tables import ColumnKind, Table
from video_vlm.text import HARMFUL, inert, one_line

__all__ = ["safe_json", "write_csv", "write_json", "write_jsonl", "write_parquet"]

_ROWS_AT_A_TIME = 4096


def write_csv(table: Table, out: BinaryIO) -> None:
    """CSV (RFC 4180) in UTF-8 with a header. Lists are JSON; text is one line, and no spreadsheet takes it
    for a formula."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_cell(value) for value in row])
    text.detach()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return inert(one_line(value))
    return json.dumps(value) if isinstance(value, list) else value


def safe_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text with the characters escaped that could control a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def write_jsonl(table: Table, out: BinaryIO) -> None:
    """One JSON object for each row, a line each, in UTF-8; control characters are escaped."""
    out.writelines(f"{line}\n".encode() for line in _objects(table))


def write_json(table: Table, out: BinaryIO) -> None:
    """The same objects as one JSON list."""
    before = "["
    for line in _objects(table):
        out.write(f"{before}\n{line}".encode())
        before = ","
    out.write(b"\n]\n" if before == "," else b"[]\n")


def _objects(table: Table) -> Iterator[str]:
    for row in table.rows:
        yield safe_json(dict(zip(table.columns, row, strict=True)))


def write_parquet(table: Table, out: BinaryIO) -> None:
    """Parquet with zstd, 4096 rows a group; values are exact, vectors are lists of float32.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra("Parquet", "export") from error
    types = {
        ColumnKind.TEXT: pyarrow.string(),
        ColumnKind.WHOLE: pyarrow.int64(),
        ColumnKind.NUMBER: pyarrow.float64(),
        ColumnKind.TEXTS: pyarrow.list_(pyarrow.string()),
        ColumnKind.VECTOR: pyarrow.list_(pyarrow.float32()),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while rows := list(islice(table.rows, _ROWS_AT_A_TIME)):
            columns = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
