"""The exit codes of ``videoqa``: the one table, also printed in the README.

| code | name        | when                                                                        |
|------|-------------|-----------------------------------------------------------------------------|
| 0    | OK          | it worked; "the video does not show it" is an answer too                     |
| 1    | FAILED      | nothing of what was asked could be done                                      |
| 2    | USAGE       | the command line or a setting cannot be understood                           |
| 3    | SOME_FAILED | part of a batch failed: each reason is on stderr, the rest is done           |
| 130  | INTERRUPTED | Ctrl-C; what was finished before it is kept                                  |

To write over a file that is somebody else's is taken for a mistake in the command line: 2, before any work is
done. An answer and the files beside it (``--evidence``, ``--trace-file``, ``--sheet``, ``--picture``) count
as a batch: where one of those cannot be written, the answer is printed, and the code is 3.

A reader that goes away (``videoqa show film.mp4 | head``) is no failure: 0. Nor is a standard output that was
closed (``>&-``): what is printed goes nowhere.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit codes; the module's table says when."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SOME_FAILED = 3
    INTERRUPTED = 130

    @classmethod
    def of_batch(cls, num_failed: int, num_all: int) -> ExitCode:
        """The code of a batch of ``num_all`` items of which ``num_failed`` failed."""
        if not num_failed:
            return cls.OK
        return cls.SOME_FAILED if num_failed < num_all else cls.FAILED
