"""Comparing two players, and one with its best response, on the command line."""

from tests.command_line import succeed


def test_pit_says_who_is_better():
    text = succeed("pit", "minimax", "uniform", "--game", "tic_tac_toe", "--pairs", 30)
    assert "minimax is better than uniform" in text
    assert "95% interval" in text


def test_exploit_is_exact():
    assert "NashConv 0.916667" in succeed("exploit", "uniform", "--game", "kuhn_poker")
