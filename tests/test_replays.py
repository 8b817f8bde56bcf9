"""The object after a list of moves is the same however it was reached, and only so many are kept."""

from hypothesis import given
from hypothesis import strategies as st

from arena.games.replays import Replays

lists = st.lists(st.lists(st.integers(0, 3), max_size=6).map(tuple), max_size=40)


@given(asked=lists, kept=st.integers(1, 8))
def test_every_answer_is_what_the_moves_make(asked, kept):
    replays = Replays(lambda: "s", lambda node, move: f"{node}{move}", kept)
    for moves in asked:
        assert replays(moves) == "s" + "".join(map(str, moves))
        assert len(replays._kept) <= kept


def test_a_step_on_from_what_is_kept_is_one_step():
    steps = []
    replays = Replays(list, lambda node, move: steps.append(move) or [*node, move], 2)
    replays((1, 2, 3))
    assert steps == [1, 2, 3]
    replays((1, 2, 3, 4))
    replays((1, 2, 3, 5))
    assert steps == [1, 2, 3, 4, 5]


def test_what_was_asked_for_the_longest_ago_goes_first():
    made = []
    replays = Replays(list, lambda node, move: made.append(move) or [*node, move], 2)
    for moves in [("a",), ("b",), ("a",), ("c",), ("a",), ("b",)]:
        replays(moves)
    assert made == ["a", "b", "c", "b"]
