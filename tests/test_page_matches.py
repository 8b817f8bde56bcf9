import json
from dataclasses import replace

import pytest

from arena import play
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.record import StopReason, Turn
from arena.store import Store
from arena.tournaments import page_matches as module
from arena.tournaments.page_matches import Listed, in_order_of_need, page_matches, replay
from tests.page_runs import PICTURE, SCRIPT, hostile_tournament, plain_tournament

GAME = TicTacToe()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = hostile_tournament(tmp_path_factory.mktemp("hostile"))
    with Store.read(folder) as store:
        yield store


def listed(key, entrants=("a", "b"), stop=StopReason.FINISHED, bumps=0):
    return Listed(key, "tournament", entrants, (1.0, -1.0), stop, 5, 0, "", bumps)


def test_all_matches_are_there_when_they_fit(hostile):
    data = page_matches(hostile, GAME)
    records = list(hostile.records())
    assert data["played"] == len(records) == len(data["matches"]) == len(data["replays"])
    by_key = {row[0]: row for row in data["matches"]}
    for record in records:
        key, entrants, returns, *_ = by_key[record.key]
        assert key == record.key
        assert tuple(data["players"][i] for i in entrants) == record.entrants
        assert tuple(returns) == record.returns


def test_failures_are_counted_as_they_are_recorded(hostile):
    counted = {row["name"]: row for row in page_matches(hostile, GAME)["failures"]}
    records = list(hostile.records())
    assert set(counted) == {"uniform", "resigns", "crashes", SCRIPT, PICTURE}
    for name, row in counted.items():
        own = [record for record in records if name in record.entrants]
        assert row["matches"] == len(own)
        blamed = [record for record in own if record.culprit is not None and record.entrants[record.culprit] == name]
        assert row["forfeit"] == sum(record.stop is StopReason.FORFEIT for record in blamed)
        assert row["abandoned"] == sum(record.stop is StopReason.ABANDONED for record in blamed)
    crashed = hostile.crashes()
    assert {name: row["crashed"] for name, row in counted.items()} == {name: n for name, (n, _) in crashed.items()}
    assert counted["crashes"]["crashed"] > 0
    assert counted["resigns"]["forfeit"] > 0
    assert counted[SCRIPT]["faults"] > 0


def test_what_did_not_go_smoothly_comes_first_then_every_line_up_in_turn():
    matches = [
        *(listed(f"a{i}") for i in range(3)),
        *(listed(f"b{i}", ("b", "a")) for i in range(3)),
        listed("c0", stop=StopReason.FORFEIT),
        listed("c1", bumps=2),
    ]
    order = [matches[at].key for at in in_order_of_need(matches)]
    assert order == ["c0", "c1", "a0", "b0", "a1", "b1", "a2", "b2"]


def test_the_size_is_bounded_and_what_failed_is_kept(tmp_path, monkeypatch):
    folder = plain_tournament(tmp_path)
    with Store.read(folder) as store:
        whole = page_matches(store, GAME)
        monkeypatch.setattr(module, "LIST_BYTES", 2_000)
        monkeypatch.setattr(module, "REPLAY_BYTES", 3_000)
        cut = page_matches(store, GAME)
        monkeypatch.setattr(module, "REPLAYS_AT_MOST", 2)
        few = page_matches(store, GAME)
    assert 0 < len(json.dumps(cut["matches"], separators=(",", ":"))) <= 2_100
    assert 0 < len(cut["replays"]) < len(cut["matches"]) < len(whole["matches"])
    assert len(json.dumps(cut["replays"], separators=(",", ":"))) <= 3_500
    assert cut["played"] == whole["played"]
    assert len(few["replays"]) == 2


def test_a_replay_walks_the_record():
    game = KuhnPoker()
    (record,) = play(game, ["uniform", "uniform"], seed=3)
    told = replay(record, game)
    assert [(seat, action) for seat, action, *_ in told["turns"]] == [(t.seat, t.action) for t in record.turns]
    assert "note" not in told
    assert json.loads(json.dumps(told)) == told


def test_refused_replies_leave_the_position_and_keep_their_words():
    (record,) = play(GAME, ["uniform", "uniform"], seed=1)
    mover = record.turns[0].seat
    refused = Turn(mover, "<b>", "I say <b>", "illegal")
    told = replay(replace(record, turns=(refused, *record.turns)), GAME)
    seat, action, scene, raw, fault = told["turns"][0]
    assert (seat, action, raw, fault) == (mover, "<b>", "I say <b>", "illegal")
    assert all(block == 0 for block in scene)
    assert len(told["turns"]) == len(record.turns) + 1


def test_a_record_of_other_rules_says_so():
    (record,) = play(GAME, ["uniform", "uniform"], seed=1)
    told = replay(replace(record, fingerprint="0"), GAME)
    assert told["turns"] == []
    assert "the rules have changed" in told["note"]


def test_a_game_that_cannot_draw_spoils_one_replay_only():
    class Blank(TicTacToe):
        def scene(self, s, seat=None):
            return 1 / 0

    game = Blank()
    (record,) = play(game, ["uniform", "uniform"], seed=1)
    assert "ZeroDivisionError" in replay(record, game)["note"]


def test_a_long_match_is_cut_and_says_so(monkeypatch):
    (record,) = play(GAME, ["uniform", "uniform"], seed=1)
    monkeypatch.setattr(module, "TURNS_AT_MOST", 3)
    told = replay(record, GAME)
    assert len(told["turns"]) == 3
    assert told["note"] == f"This page holds the first 3 of {len(record.turns)} turns; arena replay shows all."


def test_a_match_of_which_only_the_result_is_known_says_so():
    (record,) = play(GAME, ["uniform", "uniform"], seed=1)
    assert replay(replace(record, turns=()), GAME) == {"start": [], "turns": [], "note": "Only its result is known."}


def test_a_key_that_is_the_beginning_of_another_finds_its_own_match(tmp_path):
    one, other = play(GAME, ["uniform", "uniform"], matches=2, seed=1)
    with Store.open(tmp_path) as store:
        store.add([replace(one, key="abc"), replace(other, key="ab")])
        data = page_matches(store, GAME)
    assert data["replays"] == {"ab": replay(other, GAME), "abc": replay(one, GAME)}


def test_a_match_that_crashed_before_its_first_move_shows_the_start_and_who_crashed():
    (record,) = play(GAME, ["uniform", "uniform"], seed=1)
    told = replay(replace(record, turns=(), returns=(None, None), stop=StopReason.ABANDONED, crashes=(1, 1, 1)), GAME)
    assert told["start"]
    assert told["crashes"] == [1, 1, 1]
