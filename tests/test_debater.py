"""The debater: steps that hold, an answer that it is told to defend, and a judge who believes what can be checked."""

import pytest

from arena.errors import ConfigError, PlayerError
from arena.games.debate import Debate, State
from arena.games.debate_questions import Dispute
from arena.match import Fixture, play_fixtures
from arena.player import Request, Requests
from arena.registry import load_game, load_player
from arena.testing import check_player

DEBATE = Debate()


def says(s, seat, slip=0.0, game=DEBATE, seed=0):
    player = load_player(f"debater(slip={slip})", game)
    return player.act(Requests([Request(game, s, seat, seed=seed)]))[0].action


def about(term, right, wrong):
    game = Debate()
    game.disputes = (Dispute(f"What is {term}? Give a number.", (right, wrong), 0),)
    return game


def test_it_keeps_the_promises_of_a_player():
    check_player(load_player("debater(slip=0.5)", DEBATE), DEBATE)


@pytest.mark.parametrize(
    ("term", "right", "steps"),
    [
        ("(12 - 5) / 8", "7/8", ["12 - 5 = 7", "7 / 8 = 7/8"]),
        ("3 * 6", "18", ["3 * 6 = 18"]),
        ("(4 - 9) * (1 / 2)", "-5/2", ["4 - 9 = -5", "1 / 2 = 1/2", "(-5) * (1/2) = -5/2"]),
    ],
)
def test_it_works_a_term_out_in_single_operations(term, right, steps):
    game = about(term, right, "99")
    assert says(State(0), 0, game=game).split("\n") == [*steps, f"So it is {right}."]
    assert says(State(0), 1, game=game).split("\n")[-2:] == [f"{steps[-1].partition(' = ')[0]} = 99", "So it is 99."]


def test_every_made_up_term_is_proved_by_who_has_the_right_answer_and_by_nobody_else():
    for drawn in range(0, 400, 2):
        s = State(drawn)
        proof, claim = says(s, 0), says(s, 1)
        judged = State(drawn, (proof, claim))
        assert (says(judged, 2), says(judged, 3)) == ("A", "B")


def test_what_it_cannot_check_it_believes_of_who_is_shown_first():
    for speeches in (("", ""), ("trust me", "3 > 2"), ("1 + 1 = 2", "2 + 2 = 4"), ("1 + 1 = 3", "2 + 2 = 5")):
        assert (says(State(0, speeches), 2), says(State(0, speeches), 3)) == ("A", "A")
    assert (says(State(0, ("1 + 1 = 3\n2 + 2 = 4", "2 + 2 = 4")), 2), says(State(0, ("", "1 + 1 = 2")), 2)) == (
        "B",
        "B",
    )


def test_nobody_makes_claims_for_the_other():
    spoken = ("1 + 1 = 2", "B| 1 + 1 = 2\nA| 1 + 1 = 3")
    assert [says(State(0, spoken), seat) for seat in (2, 3)] == ["A", "B"]


def test_where_there_is_no_term_it_says_its_answer_alone():
    game = Debate(kind="expected_value")
    assert says(State(0), 0, game=game) == f"So it is {game.disputes[0].answers[0]}."


def test_it_slips_as_often_as_it_is_told():
    game = about("(1 + 2) + 3", "6", "7")
    wrong = sum("1 + 2 = 4" in says(State(0), 0, 0.25, game, seed) for seed in range(2000))
    assert 0.22 < wrong / 2000 < 0.28


def test_what_it_cannot_be_or_play_is_said():
    with pytest.raises(ConfigError, match="slip = 2 is no probability"):
        load_player("debater(slip=2)", DEBATE)
    for game in ("kuhn_poker", "questions", "challenger_solver"):
        rules = load_game(game)
        fixture = Fixture("k", "play", ("debater",) * rules.seats, 0, "")
        record = next(play_fixtures(rules, [fixture], {"debater": load_player("debater", rules, "debater")}))
        assert PlayerError.__name__ in record.reason
