"""What a move adds to a solution that is written in steps."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError
from arena.games.kuhn_poker import KuhnPoker
from arena.player import Fault, Move
from arena.players.stepwise import after, check, with_cost, written
from arena.record import Cost
from tests.stepwise_players import ASKED, GAME, request


def test_a_legal_move_leads_to_a_state_and_its_steps_are_told() -> None:
    begun = GAME.step(ASKED, "2 + 3 = 4")
    then = after(request(begun), Move("So it is 5.\nThe answer is 5."))
    assert written(GAME, begun, then) == ("What is 2 + 3?", ("2 + 3 = 4",), ("So it is 5.", "The answer is 5."))


@pytest.mark.parametrize(
    "move", [Move(None, fault=Fault.EMPTY), Move(None), Move(" "), Move("x" * 1001), Move("x" * 9999)]
)
def test_what_is_no_legal_move_leads_nowhere(move: Move) -> None:
    assert after(request(), move) is None


def test_other_games_are_refused() -> None:
    check(GAME, "best_of")
    with pytest.raises(
        ConfigError, match=r"best_of plays games in which a solution is written in steps, .* not kuhn_poker"
    ):
        check(KuhnPoker(), "best_of")


def test_a_trace_says_what_was_paid() -> None:
    assert Cost.of(with_cost(Move("a"), Cost(0.5, 3, 1)).trace) == Cost(0.5, 3, 1)
