"""Records: they replay to the move, and a record that cannot be true is refused with the place."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from typing import Any

import pytest

from arena.errors import ReplayError
from arena.game import CHANCE, OVER, Game, Uniform
from arena.games.kuhn_poker import KuhnPoker, State
from arena.games.matrix import MatchingPennies
from arena.games.tic_tac_toe import TicTacToe
from arena.record import Record, Result, StopReason, Turn, count_crashes, match_key, to_result

KUHN = KuhnPoker()


def random_record(game: Game[Any], seed: int) -> tuple[Record, list[Any]]:
    """Play a game at random; return its record and the states that it went through."""
    rng = random.Random(seed)
    s, turns, states = game.start(), [], [game.start()]
    while (seat := game.turn(s)) != OVER:
        actions = [name for name, _ in game.chance(s)] if seat == CHANCE else list(game.legal(s, seat))
        action = rng.choice(actions)
        turns.append(Turn(seat, action))
        s = game.step(s, action)
        states.append(s)
    return record(game, turns, game.returns(s)), states


def record(game: Game[Any], turns: list[Turn], returns: tuple[float | None, ...], **changes: Any) -> Record:
    whole = Record(
        key="m1",
        kind="rating",
        game=game.spec,
        fingerprint=game.fingerprint,
        entrants=("ann", "bob"),
        seed=1,
        pair="p1",
        turns=tuple(turns),
        returns=returns,
        stop=StopReason.FINISHED,
    )
    return replace(whole, **changes)


DEAL = [Turn(CHANCE, "K"), Turn(CHANCE, "J")]
SHOWDOWN = record(KUHN, [*DEAL, Turn(0, "bet"), Turn(1, "bet")], (2.0, -2.0))


class Raffle(Game[str]):
    """Chance draws a ticket, and the rules take whatever they are told was drawn."""

    name = "raffle"
    tickets: Any = (("1", 0.5), ("2", 0.5), ("3", 0.0))

    def start(self) -> str:
        return ""

    def turn(self, s: str) -> int:
        return OVER if s else CHANCE

    def chance(self, s: str) -> Any:
        return self.tickets

    def step(self, s: str, action: str) -> str:
        return action

    def returns(self, s: str) -> tuple[float, float]:
        return 0.0, 0.0

    def view(self, s: str, seat: int) -> str:
        return s


class Lottery(Raffle):
    """The same with more tickets than could be walked through."""

    tickets = Uniform(10**15, "n")


@pytest.mark.parametrize(
    ("game", "drawn", "possible"),
    [
        (Raffle(), "1", True),
        (Raffle(), "3", False),
        (Raffle(), "9", False),
        (Lottery(), "n999999999999999", True),
        (Lottery(), "n1000000000000000", False),
        (Lottery(), "1", False),
    ],
)
def test_chance_brings_only_what_the_rules_offer(game: Game[Any], drawn: str, possible: bool) -> None:
    played = record(game, [Turn(CHANCE, drawn)], (0.0, 0.0))
    if possible:
        assert [s for s, _ in played.replay(game)] == ["", drawn]
    else:
        with pytest.raises(ReplayError, match=f"match m1, turn 0: chance cannot bring '{drawn}' there"):
            list(played.replay(game))


@pytest.mark.parametrize("game", [KuhnPoker(), TicTacToe(), MatchingPennies()], ids=lambda game: game.name)
def test_a_record_replays_to_the_state(game: Game[Any]) -> None:
    for seed in range(50):
        played, states = random_record(game, seed)
        replayed = list(played.replay(game))
        assert [s for s, _ in replayed] == states
        assert tuple(turn for _, turn in replayed) == (*played.turns, None)


def test_refused_tries_are_passed_over() -> None:
    turns = [*DEAL, Turn(0, None, "hm", "unparsable"), Turn(0, "fold", "", "illegal"), Turn(0, "bet"), Turn(1, "pass")]
    played = record(KUHN, turns, (1.0, -1.0))
    assert [turn.action for _, turn in played.replay(KUHN) if turn] == ["K", "J", "bet", "pass"]


@pytest.mark.parametrize("stop", [StopReason.TRUNCATED, StopReason.FORFEIT, StopReason.VOID, StopReason.ABANDONED])
def test_a_match_that_was_stopped_replays_as_far_as_it_came(stop: StopReason) -> None:
    stopped = record(KUHN, [*DEAL, Turn(0, "bet")], (-2.0, 2.0), stop=stop, reason="ann resigned", culprit=0)
    assert list(stopped.replay(KUHN))[-1] == (State(("K", "J"), ("bet",)), None)


def test_replaying_stops_before_the_wrong_turn() -> None:
    steps = replace(SHOWDOWN, turns=(*DEAL, Turn(1, "bet"))).replay(KUHN)
    assert [next(steps)[1], next(steps)[1]] == DEAL
    with pytest.raises(ReplayError):
        next(steps)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"turns": (*DEAL, Turn(1, "bet"), Turn(0, "bet"))},
            "match m1, turn 2: seat 1 moved, but seat 0 was due",
        ),
        (
            {"turns": (Turn(CHANCE, "K"), Turn(0, "bet"))},
            "match m1, turn 1: seat 0 moved, but seat -1 was due",
        ),
        (
            {"turns": (*DEAL, Turn(CHANCE, "Q"))},
            "match m1, turn 2: seat -1 moved, but seat 0 was due",
        ),
        (
            {"turns": (*DEAL, Turn(0, "raise"))},
            "match m1, turn 2: 'raise' is refused: 'raise' is no move here: say pass or bet",
        ),
        (
            {"turns": (Turn(CHANCE, "K"), Turn(CHANCE, "K"))},
            "match m1, turn 1: chance cannot bring 'K' there",
        ),
        (
            {"turns": (*DEAL, Turn(0, None))},
            "match m1, turn 2: neither an action nor a fault is written",
        ),
        (
            {"turns": (*SHOWDOWN.turns, Turn(0, "bet"))},
            "match m1 goes on at turn 4 after the game is over",
        ),
        (
            {"turns": SHOWDOWN.turns[:3]},
            "match m1 is written as finished, but the game goes on",
        ),
        (
            {"returns": (1.0, -1.0)},
            r"match m1 pays \(2.0, -2.0\), but \(1.0, -1.0\) is written",
        ),
        (
            {"fingerprint": "0" * 16},
            "match m1 was played under kuhn_poker with fingerprint 0{16}, but kuhn_poker now has .{16}: the rules",
        ),
    ],
)
def test_a_record_that_cannot_be_true_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        list(replace(SHOWDOWN, **changes).replay(KUHN))


def test_moves_of_players_asked_together_keep_their_order() -> None:
    """Both choose at once, but a move written for the wrong seat would be played by the other."""
    game = MatchingPennies()
    swapped = record(game, [Turn(1, "heads"), Turn(0, "tails")], (1.0, -1.0))
    with pytest.raises(ReplayError, match="seat 1 moved, but seat 0 was due"):
        list(swapped.replay(game))


def test_a_record_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(SHOWDOWN)) == SHOWDOWN


def test_which_endings_are_rated() -> None:
    assert [stop for stop in StopReason if stop.rated] == ["finished", "truncated", "forfeit"]


# Keys.


def test_the_key_is_pinned() -> None:
    """Stores on disk find their matches by it."""
    assert match_key(KUHN, "rating", ("ann", "bob"), 3) == "182eaf7693489b70b6e9"


def test_every_part_changes_the_key() -> None:
    keys = [
        match_key(KUHN, "rating", ("ann", "bob"), 3),
        match_key(TicTacToe(), "rating", ("ann", "bob"), 3),
        match_key(KUHN, "tournament", ("ann", "bob"), 3),
        match_key(KUHN, "rating", ("bob", "ann"), 3),
        match_key(KUHN, "rating", ("ann", "bob", "cid"), 3),
        match_key(KUHN, "rating", ("ann", "bob"), 4),
        match_key(KUHN, "rating", ("ann", "bob"), 3, "step", 7),
        match_key(KUHN, "rating", ("ann", "bob"), 3, "step7"),
    ]
    assert len(set(keys)) == len(keys)


def test_names_cannot_slide_from_one_part_to_the_next() -> None:
    assert match_key(KUHN, "play", ("a",), 1, "2") != match_key(KUHN, "play", ("a", "1"), 2)
    assert match_key(KUHN, "play", ("a\x1fb",), 1) != match_key(KUHN, "play", ("a", "b"), 1)


def test_a_number_and_its_text_are_one_name() -> None:
    assert match_key(KUHN, "play", ("a",), 1, "step", 7) == match_key(KUHN, "play", ("a",), 1, "step", "7")


# What ratings read.


def test_a_result_tells_the_first_sides_payoff() -> None:
    assert to_result(KUHN, SHOWDOWN.entrants, SHOWDOWN.returns, "p1") == Result(
        "ann", "bob", "first", "second", 2.0, "p1", 0
    )


def test_of_an_adversarial_game_a_result_tells_half_the_difference() -> None:
    class Judged(KuhnPoker):
        zero_sum = False
        adversarial = True

    assert to_result(Judged(), ("ann", "bob"), (-1.0, 1.0), "").payoff == -1.0
    assert to_result(Judged(), ("ann", "bob"), (None, 1.0), "").payoff == -1.0
    assert to_result(Judged(), ("ann", "bob"), (-1.0, None), "").payoff == -1.0
    assert to_result(Judged(), ("ann", "bob"), (0.2, 0.8), "").payoff == pytest.approx(-0.3)


def test_a_result_goes_by_sides_and_leaves_the_cast_out() -> None:
    class Debate(KuhnPoker):
        roles = ("judge", "con", "pro", "pro")
        sides = (-1, 1, 0, 0)

    game = Debate()
    played = record(game, [], (None, -3.0, 3.0, 3.0), entrants=("jill", "bob", "ann", "ann"), step=40)
    assert to_result(game, played.entrants, played.returns, "p1", 40) == Result(
        "ann", "bob", "pro", "con", 3.0, "p1", 40
    )


def test_a_match_counts_as_crashed_however_often_and_whether_or_not_it_was_finished() -> None:
    matches = [(("a", "b"), ()), (("b", "a"), (0,)), (("a", "b"), (1, 1, 1)), (("a", "a"), (0, 1))]
    assert count_crashes(matches) == {"a": (1, 4), "b": (2, 3)}
