"""Token batches from records: the ids that were drawn, of the right seats, and of the right weights."""

from dataclasses import replace

import numpy as np
import pytest

import arena
from arena.config.league_file import BaseConfig
from arena.errors import PlayerError
from arena.match import Fixture, Patience, play_fixtures
from arena.players.chat import Chat
from arena.players.engines.engine import Sampling
from arena.players.engines.transformers_engine import TransformersEngine
from arena.players.prompt import Style
from arena.token_rollout import from_records
from arena.trainers.base_model import prepare

GAME = arena.load_game("kuhn_poker")
ROLES = ("first", "second")
LIMIT, END = 6, 2
"""Tokens of an answer, of which one with a move and its end takes four; and the id of the end."""


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Matches of a model that was not taught for long: some of its replies are no moves, and some do not end."""
    folder, asked = tmp_path_factory.mktemp("model") / "base", "chat(answer='brackets')"
    base = BaseConfig(width=32, layers=1, matches=60, epochs=2, learning_rate=0.005)
    prepare(base, [GAME], asked, folder, 0, lambda *_: None)
    player = Chat(TransformersEngine(str(folder)), Style(notation="brackets"), Sampling(LIMIT))
    fixtures = [Fixture(f"{i:03d}", "train", ("it", "it") if i % 2 else ("it", "uniform"), i, "") for i in range(40)]
    players = {"it": player, "uniform": arena.load_player("uniform", GAME)}
    found = sorted(play_fixtures(GAME, fixtures, players, patience=Patience(retries=0)), key=lambda r: r.key)
    assert {bool(turn.fault) for record in found for turn in record.turns} == {True, False}
    return found


def test_what_is_learned_is_what_was_stored(records) -> None:
    batch = from_records(GAME, records, {"it"}, "shared", 0, ROLES)
    said = [
        (number, place, turn, record.traces[place])
        for number, record in enumerate(records)
        for place, turn in enumerate(record.turns)
        if turn.seat >= 0 and record.entrants[turn.seat] == "it"
    ]
    assert len(batch) == len(said)
    for n, (number, place, turn, trace) in enumerate(said):
        assert batch.pair(n) == (trace["prompt_ids"].tolist(), trace["ids"].tolist())
        tokens = slice(batch.offsets[n], batch.offsets[n + 1])
        assert batch.behaviour_logp[tokens][batch.loss_mask[tokens]].tolist() == trace["logp"].tolist()
        assert (batch.match[n], batch.turn[n], batch.seat[n]) == (number, place, turn.seat)
        assert batch.payoff[n] == records[number].returns[turn.seat]
        assert batch.legal[n] == (not turn.fault)
        assert batch.cut[n] == (len(trace["ids"]) == LIMIT and trace["ids"][-1] != END)
    assert 0 < batch.cut.sum() < len(batch)
    assert not batch.behaviour_logp[~batch.loss_mask].any()


def test_only_the_seats_that_were_played_and_the_roles_that_are_asked_for_are_learned(records) -> None:
    both = from_records(GAME, records, {"it"}, "shared", 0, ROLES)
    second = from_records(GAME, records, {"it"}, "second", 0, ("second",))
    assert set(both.seat) == {0, 1}
    assert set(second.seat) == {1}
    assert len(second) == (both.seat == 1).sum()
    assert all(records[m].entrants[1] == "it" for m in second.match)
    assert len(from_records(GAME, records, {"nobody"}, "x", 0, ROLES)) == 0


def test_matches_that_chance_began_alike_are_repeats_of_one_start(records) -> None:
    """Whatever their seeds: forty matches have the six deals of Kuhn poker."""
    batch = from_records(GAME, records, {"it"}, "shared", 0, ROLES)
    deals = [tuple(turn.action for turn in records[m].turns if turn.seat < 0) for m in batch.match]
    assert len(set(zip(deals, batch.start.tolist(), strict=True))) == len(set(deals)) == len(set(batch.start)) == 6


def test_matches_without_a_result_leave_nothing(records) -> None:
    given_up = [replace(record, stop=arena.StopReason.ABANDONED) for record in records]
    assert len(from_records(GAME, given_up, {"it"}, "shared", 0, ROLES)) == 0


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": np.array(3)}, "drawn from version 3 of the weights, but 0 is what learns"),
        ({"temperature": np.array(0.5)}, "not drawn at temperature 1"),
        ({"top_k": np.array(40)}, "not drawn at temperature 1"),
        ({"constrained": np.array(True)}, "not drawn at temperature 1"),
        ({"ids": np.zeros(0, np.int32)}, "has no token ids"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(records, changes, complaint) -> None:
    place, trace = next(iter(records[0].traces.items()))
    spoilt = replace(records[0], traces={**records[0].traces, place: {**trace, **changes}})
    with pytest.raises(PlayerError, match=complaint):
        from_records(GAME, [spoilt], {"it"}, "shared", 0, ROLES)
    with pytest.raises(PlayerError, match="has no token ids"):
        from_records(GAME, [records[0].without_traces()], {"it"}, "shared", 0, ROLES)


def test_a_prompt_that_left_no_room_for_an_answer_is_no_lesson(records) -> None:
    place, trace = next(iter(records[0].traces.items()))
    silent = {**trace, "ids": np.zeros(0, np.int32), "completion_tokens": np.array(0)}
    spoilt = replace(records[0], traces={**records[0].traces, place: silent})
    whole = from_records(GAME, [records[0]], {"it"}, "shared", 0, ROLES)
    assert len(from_records(GAME, [spoilt], {"it"}, "shared", 0, ROLES)) == len(whole) - 1
