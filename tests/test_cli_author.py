"""`arena check` and `arena new` as an author meets them: real processes, files, exit codes."""

import pytest

from tests.command_line import run, succeed

BROKEN = '''
from arena.game import OVER, Game, IllegalAction

class Generous(Game):
    """Each of two players says one word, yes or no, the first player first; then both are paid 1, whatever was said."""

    name = "generous"
    actions = ("yes", "no")

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 2 else OVER

    def step(self, s, action):
        if len(s) == 2 or action not in self.actions:
            raise IllegalAction("say yes or no")
        return (*s, action)

    def returns(self, s):
        return 1.0, 1.0

    def view(self, s, seat):
        return f"you are {seat}; said: {', '.join(s)}"

class Stubborn:
    name = "stubborn"

    def act(self, batch):
        from arena.player import Move
        return [Move("bet") for _ in batch]
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(BROKEN)
    return tmp_path


def test_a_sound_game_gets_a_report_and_exit_code_0():
    text = succeed("check", "kuhn_poker")
    assert "size: 58 states" in text
    assert "mean payoff" in text
    assert text.endswith("kuhn_poker keeps its promises\n")


def test_verbose_shows_the_prompt_of_every_role():
    text = succeed("check", "tic_tac_toe", "--games", "5", "--verbose")
    assert "\n  [first]\n  Tic-tac-toe is played" in text
    assert "\n  [second]\n" in text


def test_a_broken_game_gets_its_findings_and_exit_code_1(folder):
    done = run("check", "mine.py:Generous", cwd=folder)
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout == (
        "error [zero_sum] (4 times): zero sum, but returns (1.0, 1.0) add up to 2\n"
        "  on the moves: 'yes', 'no'\n"
        "  do: mend returns, or say zero_sum = False\n\n"
        "mine.py:Generous breaks 1 promise\n"
    )


def test_the_same_seed_says_the_same():
    assert succeed("check", "kuhn_poker", "--seed", "3") == succeed("check", "kuhn_poker", "--seed", "3")


def test_a_player_is_checked_at_a_game(folder):
    assert succeed("check", "uniform", "--game", "kuhn_poker") == "uniform keeps its promises\n"
    done = run("check", "mine.py:Stubborn", "--game", "tic_tac_toe", cwd=folder)
    assert done.returncode == 1
    assert "error [illegal]" in done.stdout
    assert "do: choose from request.legal" in done.stdout
    assert done.stdout.endswith("mine.py:Stubborn breaks 1 promise\n")


def test_new_files_are_written_and_pass(tmp_path):
    text = succeed("new", "game", "my_race", cwd=tmp_path)
    assert text == "written: my_race.py, test_my_race.py\nnext: arena check my_race.py:MyRace\n"
    assert succeed("check", "my_race.py:MyRace", cwd=tmp_path).endswith("my_race.py:MyRace keeps its promises\n")
    text = succeed("new", "player", "keen", "--folder", "players", cwd=tmp_path)
    assert text.splitlines()[-1] == "next: arena check players/keen.py:Keen --game kuhn_poker"
    assert succeed("check", "players/keen.py:Keen", "--game", "my_race.py:MyRace", cwd=tmp_path)


MISTAKES = {
    "a player without a game": (["check", "uniform"], "'uniform' is a player: say at which game to check it"),
    "no such game": (["check", "kuhn_pokr"], "did you mean 'kuhn_poker'?"),
    "no class": (["check", "mine.py"], "write mine.py:CLASS"),
    "no games": (["check", "kuhn_poker", "--games", "0"], "0 games show nothing"),
    "a file that exists": (["new", "game", "mine"], "mine.py exists already"),
    "no identifier": (["new", "game", "my-game"], "'my-game' cannot name a module"),
    "a name that no folder can hold": (["new", "game", "a" * 300], "nothing can be written to .: File name too long"),
    "a folder that is a file": (["new", "game", "other", "--folder", "mine.py"], "nothing can be written to mine.py"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence_and_exit_code_2(folder, mistake):
    arguments, sentence = MISTAKES[mistake]
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "mine.py").read_text() == BROKEN
