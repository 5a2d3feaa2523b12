"""The export formats by name, and the function that writes any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from video_vlm.errors import SettingsError, UnknownName
from video_vlm.export.html_page import write_html
from video_vlm.export.markdown import write_markdown
from video_vlm.export.opentimelineio import write_otio
from video_vlm.export.outline import outline
from video_vlm.export.scene_subtitles import write_srt, write_vtt
from video_vlm.export.table_files import write_csv, write_json, write_jsonl, write_parquet
from video_vlm.export.tables import TABLES, Table
from video_vlm.memory import MemoryView

__all__ = ["FORMATS", "ExportFormat", "export"]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A writer of a memory. ``is_table``: it writes any of :data:`TABLES`, otherwise only scenes;
    ``is_text``: its bytes are UTF-8 text."""

    write: Callable[[MemoryView, str, BinaryIO], None]
    is_table: bool = False
    is_text: bool = True


def _rows(write: Callable[[Table, BinaryIO], None]) -> Callable[[MemoryView, str, BinaryIO], None]:
    return lambda memory, what, out: write(TABLES[what](memory), out)


FORMATS: Mapping[str, ExportFormat] = {
    "parquet": ExportFormat(_rows(write_parquet), is_table=True, is_text=False),
    "jsonl": ExportFormat(_rows(write_jsonl), is_table=True),
    "csv": ExportFormat(_rows(write_csv), is_table=True),
    "json": ExportFormat(_rows(write_json), is_table=True),
    "srt": ExportFormat(lambda memory, _, out: write_srt(outline(memory), out)),
    "vtt": ExportFormat(lambda memory, _, out: write_vtt(outline(memory), out)),
    "md": ExportFormat(lambda memory, _, out: write_markdown(outline(memory), out)),
    "html": ExportFormat(lambda memory, _, out: write_html(outline(memory), out)),
    "otio": ExportFormat(
        lambda memory, _, out: write_otio(outline(memory), out, path=memory.video.path, fps=memory.video.fps)
    ),
}
"""By name, which is also the usual ending of the files."""


def export(memory: MemoryView, out: BinaryIO, *, form: str, what: str = "scenes") -> None:
    """Write a memory in a format for other programs.

    Args:
        memory: The memory of one video.
        out: Receives the bytes.
        form: One of :data:`FORMATS`.
        what: One of :data:`TABLES`; formats that are no tables have scenes only.

    Raises:
        UnknownName: no such format or table.
        SettingsError: this format cannot hold that table.
        MissingExtra: the format needs an extra.
    """
    for kind, name, known in (("format", form, FORMATS), ("table", what, TABLES)):
        if name not in known:
            raise UnknownName(kind, name, known)
    if what != "scenes" and not FORMATS[form].is_table:
        tables = ", ".join(name for name, one in FORMATS.items() if one.is_table)
        raise SettingsError(f"{form} holds scenes, not {what}: take {tables}")
    FORMATS[form].write(memory, what, out)
