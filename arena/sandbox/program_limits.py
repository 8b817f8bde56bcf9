"""What a program may use before it is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from arena.errors import ConfigError

_LEAST_MEMORY = 64 << 20
"""Bytes of addresses; Python alone takes half of it."""


@dataclass(frozen=True)
class Limits:
    """How much one program may use. Raises ConfigError for what could not be enforced.

    Memory is counted by process, so all of a program's processes together may take `processes` times as much.
    """

    cpu_seconds: int = 5
    """Of each process. The kernel counts whole seconds."""
    wall_seconds: float = 10.0
    """From the order to run until all of the program has ended, sleep included."""
    memory_bytes: int = 256 << 20
    """Addresses of each process, Python's own (about 30 MB) among them."""
    processes: int = 8
    """Processes and threads at one time, the program itself among them."""
    file_bytes: int = 8 << 20
    """In one file, and in all files together."""
    open_files: int = 64
    output_bytes: int = 64 << 10
    """On standard output, on standard error and in the result: each."""

    def __post_init__(self) -> None:
        for name, least in (
            ("cpu_seconds", 1),
            ("memory_bytes", _LEAST_MEMORY),
            ("processes", 1),
            ("file_bytes", 0),
            ("open_files", 16),
            ("output_bytes", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 62:
                raise ConfigError(f"{name} = {value!r} will not do for a program: give a whole number from {least:,}")
        if not 0 < self.wall_seconds < 1e6:
            raise ConfigError(f"wall_seconds = {self.wall_seconds!r} will not do for a program: give a number above 0")


STANDARD = Limits()
