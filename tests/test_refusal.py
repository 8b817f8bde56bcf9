"""What a player is told about a move that is not legal."""

from arena.game import Text
from arena.refusal import illegal


def test_it_names_the_move_and_the_legal_ones():
    assert illegal("raise", ("bet", "pass")) == "'raise' is not legal here; legal: bet, pass"


def test_long_lists_and_long_moves_are_cut():
    said = illegal("x" * 1000, [f"m{i}" for i in range(100)])
    assert said.startswith(f"'{'x' * 200}…' is not legal here; legal: m0, m1, ")
    assert said.endswith("m19, …")


def test_of_a_text_it_is_the_last_line_or_the_length():
    legal = Text(20, ("yes", "no"))
    assert illegal("I think\nmaybe", legal) == "'maybe' is not legal as the last line; legal: yes, no"
    assert illegal("a" * 21, legal) == "a reply may have at most 20 characters, this one has 21"
