"""What a recorded match shows: the questions as they were asked, and what was played; nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

import arena
from arena.demonstrations import demonstrations
from arena.errors import ReplayError
from arena.match import Fixture, play_fixtures
from arena.player import Fault, Move
from arena.record import StopReason, Turn
from arena.registry import load_player
from tests.test_match import Caller, Quiz

KUHN = arena.load_game("kuhn_poker")


class Watched:
    """Plays at random, refuses to answer now and then, words its moves, and notes what it was asked."""

    name = "watched"

    def __init__(self, fails: int) -> None:
        self.fails, self.asked = fails, []

    def act(self, batch):
        moves = []
        for request, move in zip(batch, load_player("uniform", KUHN).act(batch), strict=True):
            if request.seed % 5 < self.fails:
                moves.append(Move(None, "hm", fault=Fault.UNPARSABLE))
                continue
            self.asked.append((request.match, request.seat, request.text, tuple(request.legal), move.action))
            moves.append(Move(move.action, f"I {move.action}!"))
        return moves


def play(players, count=40, game=KUHN):
    names = tuple(player.name for player in players)
    fixtures = [Fixture(f"m{i}", "play", names, i, "") for i in range(count)]
    return list(play_fixtures(game, fixtures, dict(zip(names, players, strict=True))))


def shown(records, player="", game=KUHN, won=False):
    return [d for record in records for d in demonstrations(record, game, player, won=won)]


def test_the_questions_are_those_that_were_asked() -> None:
    one, two = Watched(1), Watched(0)
    two.name = "other"
    records = play([one, two])
    assert any(turn.fault for record in records for turn in record.turns)
    for player in (one, two):
        found = [(r.match, r.seat, r.text, tuple(r.legal), action) for r, action in shown(records, player.name)]
        assert sorted(found) == sorted(player.asked)
    assert len(shown(records)) == len(one.asked) + len(two.asked)
    assert not any(request.complaint for request, _ in shown(records))


def test_the_past_of_a_question_is_its_seats_own_moves_alone() -> None:
    game = arena.load_game("tic_tac_toe")
    (record,) = arena.play(game, ["uniform", "uniform"])
    for seat in (0, 1):
        mine = [d for d in demonstrations(record, game) if d.request.seat == seat]
        assert len(mine) > 1
        for i, (request, _) in enumerate(mine):
            assert request.past == tuple((before.request.text, before.action) for before in mine[:i])


def test_a_match_that_was_void_shows_nothing_and_a_forfeited_one_what_was_played() -> None:
    records = arena.play(KUHN, ["uniform", "uniform"], 5)
    assert shown([replace(record, stop=StopReason.ABANDONED) for record in records]) == []
    record = next(r for r in records if len(r.turns) > 3)
    *before, _, last = record.turns
    cut = replace(record, turns=(*before, Turn(last.seat, "raise", "", "illegal")), stop=StopReason.FORFEIT)
    assert len(shown([cut])) == len(before) - 2  # two cards were dealt


def test_players_who_answer_together_are_both_shown() -> None:
    game = arena.load_game("rock_paper_scissors")
    (record,) = arena.play(game, ["uniform", "uniform"])
    first, second = demonstrations(record, game)
    assert (first.request.seat, second.request.seat) == (0, 1)
    assert second.request.text == game.view(game.start(), 1)


def test_other_rules_are_refused() -> None:
    (record,) = arena.play(KUHN, ["uniform", "uniform"])
    with pytest.raises(ReplayError, match="the rules have changed"):
        list(demonstrations(record, arena.load_game("leduc_poker")))


def test_only_what_won_is_shown_where_that_is_asked_for() -> None:
    records = play([Watched(1), load_player("uniform", KUHN)])
    paid = {(record.key, record.entrants[seat]): record.returns[seat] for record in records for seat in (0, 1)}
    everything = shown(records)
    winners = [d for d in everything if paid[d.request.match, records[0].entrants[d.request.seat]] > 0]
    assert 0 < len(winners) < len(everything)
    assert questions(shown(records, won=True)) == questions(winners)
    assert questions(shown(records, "uniform", won=True)) == questions([d for d in winners if d.request.seat == 1])


def test_the_cast_shows_nothing_unless_it_is_named() -> None:
    game = arena.load_game("tool_tasks(challenger=False, words=False)")
    judge = load_player("script(prefer='true')", game, "judge")
    uniform = load_player("uniform", game)
    fixtures = [Fixture(f"m{i}", "play", ("uniform", "uniform", "judge"), i, "") for i in range(20)]
    records = list(play_fixtures(game, fixtures, {"uniform": uniform, "judge": judge}))
    assert {d.request.role for d in shown(records, game=game)} == {"executor"}
    assert {d.request.role for d in shown(records, "judge", game)} == {"verifier"}


def questions(decisions) -> list[tuple[str, str, str]]:
    return [(d.request.match, d.request.text, d.action) for d in decisions]


def test_the_silence_of_a_forgiven_seat_is_no_decision():
    """The referee plays it, and nobody has said it."""
    player = Caller(lambda request: Move("word" if request.seat else None))
    (record,) = play_fixtures(Quiz(), [Fixture("quiz", "play", ("caller",) * 3, 0, "")], {"caller": player})
    assert [shown.action for shown in demonstrations(record, Quiz())] == ["word", "word"]
