"""The ``videoqa`` command line: one file a command; each parses, calls one library function, prints."""

from video_vlm.cli.app import main
from video_vlm.cli.exit_codes import ExitCode

__all__ = ["ExitCode", "main"]
