"""Batches: columns that fit together, and rows that can be picked."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from arena.batch import DecisionBatch, TokenBatch, together
from arena.errors import GameError

PER_DECISION = {
    *("information_set", "action", "behaviour", "behaviour_logp"),
    *("payoff", "seat", "side", "role", "match", "turn"),
}


def decisions(**changes: Any) -> DecisionBatch:
    """Four decisions of two matches at three observations."""
    columns: dict[str, Any] = {
        "game": "kuhn_poker",
        "policy_id": "main",
        "version": 7,
        "observation": np.arange(6, dtype=np.float32).reshape(3, 2),
        "mask": np.ones((3, 2), np.bool_),
        "information_set": np.array([0, 1, 2, 0]),
        "action": np.array([1, 0, 1, 1]),
        "behaviour": np.array([0, 0, 1, 0]),
        "behaviour_logp": np.log(np.array([0.5, 0.25, 0.75, 1.0], np.float32)),
        "payoff": np.array([1.0, 1.0, -2.0, -2.0]),
        "seat": np.array([0, 1, 0, 1]),
        "side": np.array([0, 1, 0, 1]),
        "role": np.array([0, 1, 0, 1]),
        "match": np.array([0, 0, 1, 1]),
        "turn": np.array([0, 1, 0, 1]),
    }
    return DecisionBatch(**{**columns, **changes})


def turns(**changes: Any) -> TokenBatch:
    """Two turns of three and two tokens."""
    columns: dict[str, Any] = {
        "game": "critic",
        "policy_id": "llm",
        "version": 1,
        "ids": np.array([5, 6, 7, 8, 9]),
        "offsets": np.array([0, 3, 5]),
        "loss_mask": np.array([False, True, True, False, True]),
        "behaviour_logp": np.zeros(5, np.float32),
        "payoff": np.array([1.0, -1.0]),
        "legal": np.array([True, False]),
        "cut": np.array([False, False]),
        "seat": np.array([0, 1]),
        "side": np.array([0, 1]),
        "role": np.array([0, 1]),
        "match": np.array([0, 0]),
        "turn": np.array([0, 1]),
        "start": np.array([3, 3]),
    }
    return TokenBatch(**{**columns, **changes})


def test_the_length_of_a_batch_is_its_decisions_or_turns() -> None:
    assert len(decisions()) == 4
    assert len(turns()) == 2


def test_every_column_of_a_decision_is_either_per_row_or_shared() -> None:
    """A field added to DecisionBatch must be sorted into one of the two, or `where` would leave it whole."""
    shared = {"game", "policy_id", "version", "observation", "mask"}
    assert {field.name for field in fields(DecisionBatch)} == PER_DECISION | shared


def test_where_picks_rows_and_keeps_observations() -> None:
    whole = decisions()
    second = whole.where(whole.match == 1)
    assert len(second) == 2
    for name in PER_DECISION:
        assert getattr(second, name).tolist() == getattr(whole, name)[2:].tolist(), name
    assert second.observation is whole.observation
    assert second.mask is whole.mask
    assert (second.game, second.policy_id, second.version) == ("kuhn_poker", "main", 7)


def test_where_may_pick_nothing() -> None:
    assert len(decisions().where(np.zeros(4, np.bool_))) == 0


@pytest.mark.parametrize("column", sorted(PER_DECISION - {"action"}))
def test_a_short_column_of_decisions_is_refused(column: str) -> None:
    with pytest.raises(GameError, match=f"a batch of 4 decisions has 3 of {column}"):
        decisions(**{column: np.zeros(3)})


def test_observations_without_masks_are_refused() -> None:
    with pytest.raises(GameError, match="3 observations have 2 masks"):
        decisions(mask=np.ones((2, 2), np.bool_))


@pytest.mark.parametrize("column", ["legal", "cut", "seat", "side", "role", "match", "turn", "start"])
def test_a_short_column_of_turns_is_refused(column: str) -> None:
    with pytest.raises(GameError, match=f"a batch of 2 turns has 1 of {column}"):
        turns(**{column: np.zeros(1)})


@pytest.mark.parametrize("column", ["loss_mask", "behaviour_logp"])
def test_a_short_column_of_tokens_is_refused(column: str) -> None:
    with pytest.raises(GameError, match=f"a batch of 5 tokens has 4 of {column}"):
        turns(**{column: np.zeros(4)})


@pytest.mark.parametrize("offsets", [[0, 5], [0, 3, 4], [0, 3, 4, 5], []])
def test_offsets_must_cover_every_token(offsets: list[int]) -> None:
    with pytest.raises(GameError, match="2 turns and 5 tokens need 3 offsets that end at 5"):
        turns(offsets=np.array(offsets))


def test_batches_compare_by_identity() -> None:
    """Arrays have no single truth, so == by value would raise."""
    batch = decisions()
    assert batch == batch
    assert batch != decisions()
    assert {batch: "usable as a key"}[batch]


def test_a_turn_is_a_prompt_and_its_answer() -> None:
    assert turns().pair(0) == ([5], [6, 7])
    assert turns().pair(1) == ([8], [9])


@pytest.mark.parametrize("keep", [np.array([1, 0, 1]), np.array([], np.int64), np.array([False, True])])
def test_where_picks_whole_turns(keep) -> None:
    whole = turns(behaviour_logp=np.array([0, -1, -2, 0, -3], np.float32))
    rows = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
    part = whole.where(keep)
    assert [part.pair(n) for n in range(len(part))] == [whole.pair(int(n)) for n in rows]
    for name in ("payoff", "legal", "cut", "seat", "side", "role", "match", "turn", "start"):
        assert getattr(part, name).tolist() == getattr(whole, name)[rows].tolist(), name
    wanted = [whole.behaviour_logp[whole.offsets[n] : whole.offsets[n + 1]].tolist() for n in rows]
    assert part.behaviour_logp.tolist() == [x for row in wanted for x in row]
    assert turns(start=None).where(keep).start is None


def test_turns_of_several_games_come_together_in_units_of_their_games() -> None:
    chess, poker = turns(game="chess", start=np.array([3, 0])), turns(game="poker", start=None)
    both = together({"a": chess, "b": poker}, {"a": 1.0, "b": 4.0})
    assert (both.games, both.policy_id, both.version) == (("a", "b"), "llm", 1)
    assert both.played is not None
    assert both.played.tolist() == [0, 0, 1, 1]
    assert both.payoff.tolist() == [*chess.payoff, *poker.payoff / 4]
    assert [both.pair(n) for n in range(4)] == [*map(chess.pair, range(2)), *map(poker.pair, range(2))]
    first = int(chess.match.max()) + 1
    assert both.match.tolist() == [*chess.match, *poker.match + first]
    assert both.start is not None
    assert both.start.tolist() == [3, 0, *poker.match + 4], "what is not known is a start of its own for every match"
    picked = both.where(np.array([1, 2]))
    assert picked.played is not None
    assert picked.played.tolist() == [0, 1]
    assert picked.games == both.games
