"""What the server is told: by options, and by variables named COORDINAUT_SERVER_ and the option.

Rule 1: secrets come by variables and files alone, never by the command line, and are kept out of what is printed.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one server runs; times in seconds."""

    host: str = "127.0.0.1"
    port: int = 3737
    data_dir: Path = Path(".coordinaut-server")
    database_url: str | None = field(default=None, repr=False)
    max_body_bytes: int = 8 * 1024 * 1024
    longest_wait_s: float = 60
    body_s: float = 30
    headers_s: float = 10
    stop_s: float = 10
    threads: int = 16
    most_open: int = 128
    most_requests: int = 1_024
    log: str = "text"
    root_path: str = ""
    trusted_proxies: str | None = None
