"""Limits are refused where they could not be enforced."""

import pytest

from arena.errors import ConfigError
from arena.sandbox.program_limits import STANDARD, Limits


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpu_seconds", 0),
        ("cpu_seconds", 1.5),
        ("cpu_seconds", True),
        ("wall_seconds", 0),
        ("wall_seconds", -1.0),
        ("wall_seconds", float("nan")),
        ("wall_seconds", float("inf")),
        ("memory_bytes", 1 << 20),
        ("memory_bytes", 1 << 62),
        ("processes", 0),
        ("file_bytes", -1),
        ("open_files", 3),
        ("output_bytes", -1),
    ],
)
def test_what_cannot_be_enforced_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} = .* will not do for a program: give a"):
        Limits(**{name: value})


def test_one_process_may_not_take_a_machine() -> None:
    assert STANDARD.processes * STANDARD.memory_bytes <= 4 << 30
