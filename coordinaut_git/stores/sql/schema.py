"""The tables, the same in both databases.

Rule 1: every row belongs to a line, by its name; a database may keep many lines.
Rule 2: rows are added and never taken away. The one thing that changes, beside the head of a line, is `to_seq` of a
document's version: the operation with which the next one took its place.

A document lies in a folder under a name; a folder lies in its parent under its name and a final slash, without content.
"""

SCHEMA = 1
"""The version of the tables. What an older program cannot use needs a new one."""

NOW = 2**63 - 1
"""The `to_seq` of a version that is still the newest."""

_TABLES = """
CREATE TABLE coordinaut_line (
  name TEXT NOT NULL PRIMARY KEY,
  head TEXT NOT NULL,
  seq BIGINT NOT NULL
);
CREATE TABLE coordinaut_entry (
  line TEXT NOT NULL,
  seq BIGINT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  summary TEXT NOT NULL,
  author TEXT NOT NULL,
  author_id TEXT NOT NULL,
  body {bytes} NOT NULL,
  head TEXT NOT NULL,
  boot TEXT NOT NULL,
  boot_ms BIGINT NOT NULL,
  PRIMARY KEY (line, seq),
  UNIQUE (line, id),
  UNIQUE (line, head)
);
CREATE TABLE coordinaut_checkpoint (
  line TEXT NOT NULL,
  seq BIGINT NOT NULL,
  format BIGINT NOT NULL,
  PRIMARY KEY (line, seq)
);
CREATE TABLE coordinaut_document (
  line TEXT NOT NULL,
  folder TEXT NOT NULL,
  name TEXT NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq BIGINT NOT NULL,
  content {bytes},
  PRIMARY KEY (line, folder, name, to_seq)
);
CREATE INDEX coordinaut_document_listed ON coordinaut_document (line, folder, to_seq);
CREATE TABLE coordinaut_backup (
  line TEXT NOT NULL,
  name TEXT NOT NULL,
  head TEXT NOT NULL,
  PRIMARY KEY (line, name)
)
"""


def tables(bytes_type: str) -> list[str]:
    """The statements that make the tables, where bytes are of this type."""
    return _TABLES.format(bytes=bytes_type).split(";")
