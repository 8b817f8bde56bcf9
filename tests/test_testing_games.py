"""The check of a whole game: every planted fault is found under its own name, and sound games pass."""

import pytest

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text
from arena.games.kuhn_poker import State
from arena.games.matrix import RockPaperScissors
from arena.testing import Severity, check_game, examine_game
from arena.testing.games import prompt
from tests.broken_games import RULES, Poker, Race, Secret, found


class NotZeroSum(Poker):
    __doc__ = Poker.__doc__

    def returns(self, s):
        first, second = super().returns(s)
        return first, second - (s.bets == ("bet", "bet") and second > 0)


class Remembers(Race):
    """It counts the games on the side, so that a recorded one comes to something else."""

    __doc__ = Race.__doc__
    matches = 0

    def start(self):
        self.matches += 1
        return super().start()

    def returns(self, s):
        first, second = super().returns(s)
        return (first, second) if self.matches % 2 else (second, first)


class Debate(Game[tuple]):
    """Two speakers say one thing each, in any words; nobody wins, and the second is judged by nobody either."""

    name = "debate"

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 2 else OVER

    def step(self, s, action):
        if self.turn(s) == OVER or action not in Text(100):
            raise IllegalAction("say it in 100 characters")
        return (*s, action)

    def legal(self, s, seat):
        return Text(100)

    def returns(self, s):
        return 0.0, 0.0

    def view(self, s, seat):
        return f"you are {self.roles[seat]}; said: {s}"


class Vote(Debate):
    """Two speakers talk and then vote, each in a last line of its own; nobody wins, and nobody minds how it ends."""

    name = "vote"

    def legal(self, s, seat):
        return Text(100, ("yes", "no"))

    def step(self, s, action):
        if self.turn(s) == OVER or action not in self.legal(s, 0):
            raise IllegalAction("say it in 100 characters, and end with yes or no")
        return (*s, action)


class HearsAnything(Vote):
    __doc__ = Vote.__doc__
    step = Debate.step


@pytest.mark.parametrize("game", [Poker(), Race(), Secret(), RockPaperScissors(), Debate(), Vote()])
def test_a_sound_game_has_no_findings(game):
    assert [finding.code for finding in examine_game(game).findings] in ([], ["one_process"])
    assert not found(game)
    check_game(game)


def test_talk_that_ends_in_no_move_must_be_refused():
    assert "the illegal '' is accepted" in found(HearsAnything())["accepted"].seen


def test_what_a_talker_is_shown():
    (shown, _) = examine_game(Vote(), results=False).prompts
    assert shown.endswith("legal moves: any text of at most 100 characters, with a last line that is one of yes, no")


def test_the_error_names_the_promise_the_moves_and_the_remedy():
    with pytest.raises(GameError, match=r"^kuhn_poker: zero sum, but returns .* add up to .*; on the moves \["):
        check_game(NotZeroSum())
    with pytest.raises(GameError, match="mend returns, or say zero_sum = False"):
        check_game(NotZeroSum())


def test_the_moves_of_a_finding_lead_to_it():
    game = NotZeroSum()
    finding = found(game)["zero_sum"]
    s = game.start()
    for action in finding.moves:
        s = game.step(s, action)
    assert game.turn(s) == OVER
    assert sum(game.returns(s)) != 0
    assert finding.times > 1


def test_all_errors_are_collected():
    class Several(NotZeroSum):
        """Kuhn poker with faults: the deck is loaded, and more is paid than was said before the game began."""

        payoff_range = (-1.0, 1.0)

        def chance(self, s):
            return [(card, 0.3) for card, _ in super().chance(s)]

    assert {"zero_sum", "outside_range", "chance_sum"} <= set(found(Several()))


def test_the_same_seed_finds_the_same():
    first, again = (examine_game(NotZeroSum(), seed=4) for _ in range(2))
    assert first.findings == again.findings
    assert examine_game(Poker(), seed=4).results == examine_game(Poker(), seed=4).results


def test_a_match_that_does_not_replay_is_found():
    found_here = found(Remembers())
    assert {"replay", "impure"} & set(found_here)


@pytest.mark.parametrize("method", ["start", "turn", "step", "returns", "view", "legal", "chance", "encode", "draw"])
def test_a_method_that_crashes_is_a_finding_and_no_crash(method):
    def crash(self, *arguments):
        raise ZeroDivisionError("division by zero")

    broken = type("Broken", (Poker,), {"__doc__": RULES, method: crash})
    report = examine_game(broken())
    assert any(finding.code == f"{method}_fails" for finding in report.errors)
    assert "division by zero" in next(f.seen for f in report.errors if f.code == f"{method}_fails")


@pytest.mark.parametrize("method", ["turn", "returns", "view", "legal", "chance", "encode", "draw", "scene", "ready"])
@pytest.mark.parametrize("rubbish", [None, 7.5, "text", [None], object()])
def test_rubbish_is_a_finding_and_no_crash(method, rubbish):
    broken = type("Broken", (Poker,), {"__doc__": RULES, method: lambda self, *arguments: rubbish})
    if (method, rubbish) not in [("draw", "text"), ("view", "text")]:
        assert examine_game(broken(), games=5).errors
    elif method == "view":
        assert "forgets" in found(broken())


@pytest.mark.parametrize("fact", ["name", "roles", "sides", "actions", "payoff_range", "scoring"])
@pytest.mark.parametrize("rubbish", [None, 7, ("a", 3), object()])
def test_a_declaration_of_rubbish_is_a_finding_and_no_crash(fact, rubbish):
    broken = type("Broken", (Poker,), {"__doc__": RULES, fact: rubbish})
    findings = examine_game(broken(), games=3).errors
    assert findings or (fact, rubbish) == ("sides", None)


def test_the_exact_size_and_the_results_of_random_play():
    report = examine_game(Poker())
    assert report.count == (58, 24, 12)  # Kuhn poker has 12 information sets (Kuhn, 1950)
    # Uniform play pays the first player 1/8 in Kuhn poker: the sum over 6 deals and 5 ways to bet.
    assert report.results.payoffs[0].low < 1 / 8 < report.results.payoffs[0].high
    assert not any(finding.severity is Severity.ERROR for finding in report.findings)


def test_a_prompt_holds_rules_view_and_moves():
    game = Poker()
    text = prompt(game, State(("Q", "K"), ("pass",)), 1)
    assert text.startswith("[second]\nKuhn poker is played with three cards")
    assert text.endswith("\n\nyour card: K; so far: pass\n\nlegal moves: pass, bet")
    assert [asked.split("\n")[0] for asked in examine_game(game).prompts] == ["[first]", "[second]"]
    assert game.turn(game.start()) == CHANCE
