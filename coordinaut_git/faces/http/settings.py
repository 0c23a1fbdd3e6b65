"""What the server is told: by options, and by variables named COORDINAUT_SERVER_ and the option.

Rule 1: secrets come by variables and files alone, never by the command line, and are kept out of what is printed.
"""

from dataclasses import dataclass, field
from pathlib import Path

MAX_BODY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one server runs; times in seconds."""

    host: str = "127.0.0.1"
    port: int = 3737
    data_dir: Path = Path(".coordinaut-server")
    database_url: str | None = field(default=None, repr=False)
    max_body_bytes: int = MAX_BODY_BYTES
    longest_wait_s: float = 60.0
    body_s: float = 30.0
    headers_s: float = 10.0
    stop_s: float = 10.0
    threads: int = 16
    most_open: int = 128
    most_requests: int = 1_024
    log: str = "text"
    root_path: str = ""
    trusted_proxies: str | None = None
