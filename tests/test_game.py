"""The contract of a game: lazy sets, derived facts, defaults and fingerprints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import GameError, TooLarge
from arena.game import CHANCE, OVER, Choices, Game, Text, Uniform, decision_states
from arena.games.kuhn_poker import KuhnPoker
from arena.registry import load_game


class Count(Game[tuple[int, ...]]):
    """Say numbers in turn.

    Whoever brings the sum
      to ten wins.
    """

    name = "count"
    actions = ("1", "2")

    def __init__(self, goal: int = 3) -> None:
        self.goal = goal

    def start(self) -> tuple[int, ...]:
        return (0, 0)

    def turn(self, s: tuple[int, ...]) -> int:
        return OVER if s[0] >= self.goal else s[1]

    def step(self, s: tuple[int, ...], action: str) -> tuple[int, ...]:
        return (s[0] + int(action), 1 - s[1])

    def returns(self, s: tuple[int, ...]) -> tuple[float, float]:
        return (1.0, -1.0) if s[1] == 1 else (-1.0, 1.0)

    def view(self, s: tuple[int, ...], seat: int) -> str:
        return str(s[0])


class Draw(Count):
    """Chance draws a task, then somebody answers."""

    name = "draw"

    def __init__(self, tasks: int, answers: int = 2) -> None:
        self.tasks, self.answers = tasks, answers

    def start(self) -> tuple[int, ...]:
        return ()

    def turn(self, s: tuple[int, ...]) -> int:
        return CHANCE if not s else 0 if len(s) == 1 else OVER

    def chance(self, s: tuple[int, ...]) -> Sequence[tuple[str, float]]:
        return Uniform(self.tasks)

    def legal(self, s: tuple[int, ...], seat: int) -> Sequence[str]:
        return Choices(self.answers)

    def step(self, s: tuple[int, ...], action: str) -> tuple[int, ...]:
        return (*s, int(action))


# Lazy sets.


def test_uniform_outcomes_are_named_and_sum_to_one() -> None:
    outcomes = Uniform(4, "task-")
    assert list(outcomes) == [("task-0", 0.25), ("task-1", 0.25), ("task-2", 0.25), ("task-3", 0.25)]
    assert outcomes[-1] == ("task-3", 0.25)
    assert outcomes[1:3] == [("task-1", 0.25), ("task-2", 0.25)]


def test_uniform_makes_only_what_is_looked_at() -> None:
    outcomes = Uniform(10**15, "task-")
    assert len(outcomes) == 10**15
    assert outcomes[10**14] == ("task-100000000000000", 1e-15)
    assert outcomes[-1][0] == f"task-{10**15 - 1}"


@pytest.mark.parametrize("lazy", [Uniform(3), Choices(3)])
@pytest.mark.parametrize("index", [3, -4])
def test_lazy_sets_end(lazy: Uniform | Choices, index: int) -> None:
    with pytest.raises(IndexError):
        lazy[index]


def test_choices_are_named() -> None:
    choices = Choices(3, "seat ")
    assert list(choices) == ["seat 0", "seat 1", "seat 2"]
    assert list(reversed(choices)) == ["seat 2", "seat 1", "seat 0"]
    assert choices[-2:] == ["seat 1", "seat 2"]


@given(st.integers(1, 120), st.sampled_from(["", "m", "1"]), st.text(alphabet="m0123456789", max_size=5))
def test_choices_contain_exactly_what_they_list(n: int, label: str, action: str) -> None:
    assert (action in Choices(n, label)) == (action in list(Choices(n, label)))


@pytest.mark.parametrize("action", ["07", "-1", "+1", "1.0", " 1", "1 ", "1_0", "٣", "²", "", "9" * 5000, 1, None])
def test_choices_take_no_other_spelling(action: object) -> None:
    assert action not in Choices(100)


def test_choices_look_up_without_listing() -> None:
    assert str(10**15 - 1) in Choices(10**15)
    assert str(10**15) not in Choices(10**15)


def test_text_is_any_text_that_fits() -> None:
    assert "" in Text(3)
    assert "abc" in Text(3)
    assert "abcd" not in Text(3)
    assert 12 not in Text(3)


def test_a_text_with_moves_ends_in_one_of_them() -> None:
    legal = Text(12, ("pass", "bet"))
    assert "bet" in legal
    assert "I do\n\nbet" in legal
    refused = ("", "call", "bet\n", "bet ", "I bet", "bet\nI do", "far too long\nbet")
    assert [text for text in refused if text in legal] == []


# Defaults.


def test_a_game_needs_five_methods() -> None:
    class Lazy(Game[int]):
        name = "lazy"

    with pytest.raises(TypeError, match="Lazy") as caught:
        Lazy()
    assert all(method in str(caught.value) for method in ("start", "turn", "step", "returns", "view"))


def test_defaults() -> None:
    game = Count()
    s = game.start()
    assert game.legal(s, 0) == ("1", "2")
    assert game.ready(s) == (0,)
    assert (game.seats, game.side_of, game.entrants, game.scale) == (2, (0, 1), 2, 1.0)
    assert game.draw(s) == "(0, 0)"
    assert game.draw(s, 0) == "0"
    assert game.resample(s, 0, np.random.default_rng(0)) is s
    with pytest.raises(GameError, match=r"count says that chance is to move but has no chance\(state\)"):
        game.chance(s)


def test_without_a_vocabulary_the_moves_are_text() -> None:
    class Talk(Count):
        actions = ()

    assert Talk().legal((0, 0), 0) == Text()


def test_a_hidden_game_must_write_its_own_resample() -> None:
    class Secret(Count):
        hidden = True

    with pytest.raises(GameError, match="write one to search it"):
        Secret().resample((0, 0), 0, np.random.default_rng(0))


def test_the_rules_are_the_docstring_as_it_looks() -> None:
    assert Count().rules("first") == "Say numbers in turn.\n\nWhoever brings the sum\n  to ten wins."


def test_a_game_without_docstring_is_told_by_its_name() -> None:
    class Bare(Count):
        name = "bare"

    assert Bare().rules("first") == "bare"


def test_sides_and_cast() -> None:
    class Jury(Count):
        roles = ("debater", "debater", "solver", "judge")
        sides = (0, 1, 1, -1)
        payoff_range = (-1.0, 4.0)

    game = Jury()
    assert (game.seats, game.side_of, game.entrants, game.scale) == (4, (0, 1, 1, -1), 2, 4.0)


def test_a_game_that_pays_nothing_still_has_a_scale() -> None:
    class Free(Count):
        payoff_range = (0.0, 0.0)

    assert Free().scale == 1.0


# Identity: fingerprint and spec.


def test_the_fingerprint_is_pinned() -> None:
    """Records and checkpoints on disk carry it."""
    assert KuhnPoker().fingerprint == "28efe43ac7a6ccae"
    assert Count(goal=5).fingerprint == "656069d1d35d7b55"


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "from arena.games.kuhn_poker import KuhnPoker; print(KuhnPoker().fingerprint)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == KuhnPoker().fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": 2},
        {"roles": ("first", "last")},
        {"sides": (0, 0)},
        {"actions": ("2", "1")},
        {"data": "0123abcd"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_fingerprint_changes_with_what_the_moves_mean(change: dict[str, object]) -> None:
    other = type("Count", (Count,), change)
    assert other().fingerprint != Count().fingerprint


def test_the_fingerprint_changes_with_parameters() -> None:
    assert Count(goal=4).fingerprint != Count(goal=3).fingerprint
    assert Count(goal=3).fingerprint == Count().fingerprint


def test_naming_the_default_sides_changes_nothing() -> None:
    class Named(Count):
        sides = (0, 1)

    assert Named().fingerprint == Count().fingerprint


def test_private_attributes_are_no_parameters() -> None:
    game = Count(goal=4)
    before = game.fingerprint
    game._cache = {}  # type: ignore[attr-defined]
    assert game.parameters == {"goal": 4}
    assert game.fingerprint == before
    assert game.spec == "count(goal=4)"


@pytest.mark.parametrize(
    "spec",
    ["kuhn_poker", "kuhn_poker()", "arena.games.kuhn_poker:KuhnPoker", "matrix(payoffs=[[1, -1], [-1, 1]])"],
)
def test_a_spec_makes_the_same_game_again(spec: str) -> None:
    game = load_game(spec)
    assert game.spec == spec
    assert load_game(game.spec).fingerprint == game.fingerprint


def test_a_game_made_by_hand_has_a_spec_too() -> None:
    game = KuhnPoker()
    assert game.spec == "kuhn_poker"
    assert load_game(game.spec).fingerprint == game.fingerprint


# Enumeration and the default encoding.


def test_decision_states_merges_equal_states() -> None:
    """Three comes about as 1 + 2 and as 2 + 1, with the same seat to move: one state."""
    found = list(decision_states(Count(goal=4), 100))
    assert found == [((0, 0), 0), ((1, 1), 1), ((2, 0), 0), ((3, 1), 1), ((3, 0), 0), ((2, 1), 1)]


def test_decision_states_of_kuhn() -> None:
    """Six deals and four betting sequences before a decision: 24 histories, 12 information sets."""
    game = KuhnPoker()
    found = list(decision_states(game, 1000))
    assert len(found) == len(set(found)) == 24
    assert len({(seat, game.view(s, seat)) for s, seat in found}) == 12


def test_impossible_draws_are_not_walked() -> None:
    class Loaded(Draw):
        def chance(self, s: tuple[int, ...]) -> Sequence[tuple[str, float]]:
            return [("0", 0.0), ("1", 1.0)]

    assert [s for s, _ in decision_states(Loaded(tasks=2), 100)] == [(1,)]


def test_a_game_above_the_limit_is_too_large() -> None:
    with pytest.raises(TooLarge, match="count has more than 20 states"):
        list(decision_states(Count(goal=1000), 20))


@pytest.mark.parametrize("game", [Draw(tasks=10**15), Draw(tasks=1, answers=10**15)], ids=["chance", "moves"])
def test_huge_sets_are_refused_before_they_are_listed(game: Draw) -> None:
    with pytest.raises(TooLarge, match=r"draw has more than 100,000 states: .*; write draw.encode"):
        game.encode((0,), 0)


def test_free_text_cannot_be_enumerated() -> None:
    class Talk(Count):
        name = "talk"
        actions = ()

    with pytest.raises(TooLarge, match=r"talk has free text moves, which cannot be enumerated; write talk.encode"):
        Talk().encode((0, 0), 0)


def test_the_default_encoding_is_one_hot_over_information_sets() -> None:
    game = Count(goal=3)
    states = list(decision_states(game, 100))
    tensors = {(seat, game.view(s, seat)): game.encode(s, seat) for s, seat in states}
    # (seat 0: sums 0, 2), (seat 1: sums 1, 2)
    assert np.array_equal(np.stack([tensors[key] for key in sorted(tensors)]), np.eye(4, dtype=np.float32))
    assert game.encode((0, 0), 0).dtype == np.float32


def test_the_default_encoding_hides_what_the_view_hides() -> None:
    class Plain(KuhnPoker):
        encode = Game.encode

    game = Plain()
    by_view: dict[tuple[int, str], set[bytes]] = {}
    for s, seat in decision_states(game, 1000):
        by_view.setdefault((seat, game.view(s, seat)), set()).add(game.encode(s, seat).tobytes())
    assert len(by_view) == 12
    assert all(len(tensors) == 1 for tensors in by_view.values())
    assert len(set.union(*by_view.values())) == 12


def test_a_class_written_again_gets_its_own_encoding() -> None:
    """As in a notebook, where a cell with the class is run twice."""

    def write(prefix: str) -> Count:
        class Again(Count):
            name = "again"

            def view(self, s: tuple[int, ...], seat: int) -> str:
                return prefix + str(s[0])

        return Again()

    assert write("sum ").encode((0, 0), 0).sum() == 1
    assert write("total ").encode((0, 0), 0).sum() == 1
