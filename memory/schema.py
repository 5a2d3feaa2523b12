"""The tables of format 1, as the statements that make them.

``videos`` owns all other rows by content id. A row of ``memories`` is one pass over a video with one
recipe; a video has at most one complete and one unfinished memory, so that the complete one stays
readable while another is built. ``passages`` holds all searchable text: observations, scene summaries
(``node`` set), and observations of looks (``memory`` null: they belong to the video and stay after a
rebuild). Triggers update ``word_index`` (FTS5) and ``encoders.revision`` in the same transaction.
"""

from __future__ import annotations

from typing import Final

__all__ = ["APPLICATION_ID", "FORMAT_1"]

APPLICATION_ID: Final = 0x76514131
"""``vQA1``: written into the file's header, tells a library from other programs' SQLite files."""

FORMAT_1: Final = (
    """
    CREATE TABLE videos (
        content_id TEXT PRIMARY KEY
    ) WITHOUT ROWID
    """,
    # The file cache: bytes of the path (a name need not be valid text) and what stat said of it.
    """
    CREATE TABLE files (
        path BLOB PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        content_id TEXT NOT NULL,
        seen_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX files_by_content ON files (content_id, seen_at)",
    """
    CREATE TABLE memories (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        content_id TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
        recipe TEXT NOT NULL,
        complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
        video TEXT NOT NULL,
        channels TEXT NOT NULL,
        missing TEXT NOT NULL,
        damage TEXT NOT NULL DEFAULT '[]',
        until_seconds REAL,
        state TEXT NOT NULL DEFAULT '',
        indexed_at TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX one_memory_each ON memories (content_id, complete)",
    """
    CREATE VIEW readable_memories AS
    SELECT * FROM memories AS one WHERE complete OR NOT EXISTS (
        SELECT 1 FROM memories AS other WHERE other.content_id = one.content_id AND other.complete
    )
    """,
    """
    CREATE TABLE nodes (
        memory INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
        id TEXT NOT NULL,
        level TEXT NOT NULL CHECK (level IN ('frame', 'segment', 'scene', 'chapter', 'video')),
        start REAL NOT NULL,
        "end" REAL NOT NULL CHECK ("end" >= start),
        parent TEXT,
        summary TEXT NOT NULL,
        title TEXT,
        coverage REAL NOT NULL,
        provenance TEXT NOT NULL,
        PRIMARY KEY (memory, id),
        FOREIGN KEY (memory, parent) REFERENCES nodes (memory, id) DEFERRABLE INITIALLY DEFERRED
    ) WITHOUT ROWID
    """,
    'CREATE INDEX nodes_by_time ON nodes (memory, level, start, "end", id)',
    "CREATE INDEX nodes_by_parent ON nodes (memory, parent)",
    """
    CREATE TABLE posters (
        memory INTEGER NOT NULL,
        node TEXT NOT NULL,
        jpeg BLOB NOT NULL,
        PRIMARY KEY (memory, node),
        FOREIGN KEY (memory, node) REFERENCES nodes (memory, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        content_id TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
        memory INTEGER REFERENCES memories ON DELETE CASCADE,
        observer TEXT,
        segment TEXT,
        node TEXT,
        question TEXT,
        kind TEXT,
        start REAL NOT NULL,
        "end" REAL NOT NULL CHECK ("end" >= start),
        text TEXT NOT NULL,
        words TEXT,
        source TEXT NOT NULL,
        confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        box TEXT,
        written_at TEXT,
        CHECK ((node IS NULL) = (kind IS NOT NULL)),
        CHECK ((memory IS NULL) = (question IS NOT NULL))
    )
    """,
    "CREATE INDEX passages_by_memory ON passages (memory, observer, segment)",
    "CREATE INDEX passages_by_time ON passages (content_id, start)",
    """
    CREATE VIEW readable_passages AS
    SELECT * FROM passages WHERE memory IS NULL OR memory IN (SELECT id FROM readable_memories)
    """,
    # `words` is the text as the tokenizer should read it, where that is not the text itself.
    "CREATE VIEW passage_words AS SELECT id, coalesce(words, text) AS words FROM passages",
    """
    CREATE VIRTUAL TABLE word_index USING fts5 (
        words, content = 'passage_words', content_rowid = 'id', tokenize = "porter unicode61 remove_diacritics 2"
    )
    """,
    """
    CREATE TRIGGER passage_added AFTER INSERT ON passages BEGIN
        INSERT INTO word_index (rowid, words) VALUES (new.id, coalesce(new.words, new.text));
    END
    """,
    """
    CREATE TRIGGER passage_deleted AFTER DELETE ON passages BEGIN
        INSERT INTO word_index (word_index, rowid, words) VALUES ('delete', old.id, coalesce(old.words, old.text));
    END
    """,
    """
    CREATE TRIGGER passage_unchangeable BEFORE UPDATE OF id, text, words ON passages BEGIN
        SELECT raise(ABORT, 'a passage is never changed: delete it and add another');
    END
    """,
    """
    CREATE TABLE encoders (
        name TEXT PRIMARY KEY,
        dimension INTEGER NOT NULL CHECK (dimension > 0),
        revision TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    # With row ids: without them every vector would spill over into a page of its own, thrice the size.
    """
    CREATE TABLE vectors (
        passage INTEGER NOT NULL REFERENCES passages ON DELETE CASCADE,
        encoder TEXT NOT NULL REFERENCES encoders ON DELETE CASCADE,
        vector BLOB NOT NULL,
        PRIMARY KEY (passage, encoder)
    )
    """,
    # A random revision, not a counter: a library restored from a backup must not meet a derived
    # index that counted to the same number on another road.
    """
    CREATE TRIGGER vector_added AFTER INSERT ON vectors BEGIN
        UPDATE encoders SET revision = lower(hex(randomblob(12))) WHERE name = new.encoder;
    END
    """,
    """
    CREATE TRIGGER vector_deleted AFTER DELETE ON vectors BEGIN
        UPDATE encoders SET revision = lower(hex(randomblob(12))) WHERE name = old.encoder;
    END
    """,
)
