"""Questions to try an index with: a few words of what the library holds, as somebody might remember them."""

from __future__ import annotations

import json
import random
import re
from typing import Final

from video_vlm.memory.database_protocol import DatabaseConnection

__all__ = ["recall_probes"]

_WORDS: Final = (2, 5)
_SEED: Final = 20_261_127


def recall_probes(database: DatabaseConnection, count: int) -> list[str]:
    """Up to ``count``, each two to five words of one passage, the same ones for the same library."""
    chance = random.Random(_SEED)  # noqa: S311 - the same questions each time
    with database.read() as connection:
        least, most = connection.execute("SELECT min(id), max(id) FROM passages").fetchone()
        if most is None:
            return []
        ids = [chance.randint(least, most) for _ in range(4 * count)]
        rows = connection.execute(
            "SELECT text FROM passages WHERE id IN (SELECT value FROM json_each(?)) AND kind IS NOT "
            "'transition'",
            (json.dumps(ids),),
        )
        texts = list(dict.fromkeys(row["text"] for row in rows))
    chance.shuffle(texts)
    return [_some_words(text, chance) for text in texts[:count] if text.strip()]


def _some_words(text: str, chance: random.Random) -> str:
    words = re.findall(r"\S+", text)
    first = chance.randrange(len(words))
    return " ".join(words[first : first + chance.randint(*_WORDS)])
