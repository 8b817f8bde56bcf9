"""Games, single matches and replays on the command line."""

from tests.command_line import succeed


def test_games_lists_every_game():
    text = succeed("games")
    for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four", "rock_paper_scissors"):
        assert name in text


def test_play_tells_one_match_and_adds_up_many():
    story = succeed("play", "tic_tac_toe", "minimax", "minimax")
    assert "-> first:" in story
    assert "finished; payoff: first +0, second +0" in story
    many = succeed("play", "kuhn_poker", "uniform", "uniform", "--matches", 200, "--seed", 4)
    assert many == succeed("play", "kuhn_poker", "uniform", "uniform", "--matches", 200, "--seed", 4)
    assert "over 200 matches" in many


def test_names_are_shown_as_they_are():
    """No name is markup, and none is a picture of a cat."""
    game = "matrix(payoffs=[[0, 1], [-1, 0]], actions=['[/x]', ':cat:'])"
    one, other = "script(prefer=['[/x]'])", "script(prefer=[':cat:'])"
    many = succeed("play", game, one, other, "--matches", 2)
    assert f"({one}): mean payoff +1.0000 over 2 matches" in many
    assert f"({other}): mean payoff -1.0000 over 2 matches" in many
    assert "-> column: :cat:" in succeed("play", game, one, other)


def test_replay_lists_matches_and_steps_through_one(runs):
    *listed, last = succeed("replay", "runs/poker", cwd=runs).splitlines()
    assert len(listed) == 20
    assert last == "these are the last of 120 matches; arena replay runs/poker KEY shows one"
    story = succeed("replay", "runs/poker", listed[0].split()[0], cwd=runs)
    assert "-> chance:" in story
    assert "payoff: first" in story
