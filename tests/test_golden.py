"""Every registered game has a golden playthrough, and plays and shows itself as written there.

After a wanted change: python -m arena.testing NAME > tests/golden/NAME.txt
"""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from arena.registry import BUILT_IN, load_game
from arena.testing import write_out

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(BUILT_IN["games"]))
def test_playthrough(name):
    path = GOLDEN / f"{name}.txt"
    assert path.is_file(), f"write one: python -m arena.testing {name} > tests/golden/{name}.txt"
    written = path.read_text(encoding="utf-8")
    games = re.split(r"\n(?=game: )", written)
    assert len(games) == 2
    for text in games:
        actions = re.findall(r"^  (?:happens|plays):(?: (.*)|((?:\n    .*)+))$", text, re.MULTILINE)
        assert write_out(load_game(name), [line or dedent(lines).strip() for line, lines in actions]) == text


def test_no_playthrough_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(BUILT_IN["games"])
