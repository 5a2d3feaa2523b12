"""Exporting a video's memory for other programs: tables, subtitles, documents, an editing timeline."""

from __future__ import annotations

from video_vlm.export.catalogue import CATALOGUES, write_catalogue
from video_vlm.export.formats import FORMATS, ExportFormat, export
from video_vlm.export.protected_files import outputs_for, outputs_without_library
from video_vlm.export.tables import TABLES

__all__ = [
    "CATALOGUES",
    "FORMATS",
    "TABLES",
    "ExportFormat",
    "export",
    "outputs_for",
    "outputs_without_library",
    "write_catalogue",
]
