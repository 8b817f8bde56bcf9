"""From a request to a conversation: what a model is told, and by whom."""

from __future__ import annotations

import pytest

from arena.game import OVER, Choices, Game, Text
from arena.match import Fixture, play_fixtures
from arena.player import Fault, Move, Request, Requests
from arena.players.engines.engine import Message
from arena.players.prompt import Style, conversation
from arena.registry import load_game

KUHN = load_game("kuhn_poker")


def after(game, *moves: str):
    s = game.start()
    for move in moves:
        s = game.step(s, move)
    return s


def ask(*moves: str, game=KUHN, **more) -> Request:
    s = after(game, *moves)
    return Request(game, s, game.turn(s), **more)


class Talk(Game[tuple[str, ...]]):
    """Say anything, and say it kindly."""

    name = "talk"
    limit: Text | Choices | tuple[str, ...] = Text(1000)

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 2 else OVER

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        return (0.0, 0.0)

    def view(self, s, seat):
        return f"said: {len(s)}"

    def legal(self, s, seat):
        return self.limit


def talk(limit) -> Talk:
    game = Talk()
    game.limit = limit
    return game


def test_a_question_is_the_rules_the_form_of_an_answer_and_the_view() -> None:
    system, user = conversation(ask("K", "Q"), Style())
    rules = KUHN.rules("first")
    assert system == Message(
        "system",
        f"{rules}\n\nYour role is first. Reply with nothing but your move, written as <answer>your move</answer>. "
        "If you write several, the last one counts.",
    )
    assert user == Message("user", f"{KUHN.view(after(KUHN, 'K', 'Q'), 0)}\n\nLegal moves: pass, bet")


def test_a_player_that_thinks_is_asked_to() -> None:
    system, _ = conversation(ask("K", "Q"), Style(thinking=True, notation="boxed"))
    assert r"Think first. Then end your reply with your move, written as \boxed{your move}." in system.content


def test_legal_moves_are_listed_or_not() -> None:
    shown, hidden = (conversation(ask("K", "Q"), Style(show_legal=switch))[-1].content for switch in (True, False))
    assert shown.startswith(hidden)
    assert "Legal moves" not in hidden


@pytest.mark.parametrize(
    ("legal", "listed"),
    [
        (("a", "b"), "\n\nLegal moves: a, b"),
        (("2 wood, 1 gold", "none"), "\n\nLegal moves:\n2 wood, 1 gold\nnone"),
        (Choices(10**9, "task"), "\n\nLegal moves: task0 to task999999999 (1,000,000,000 in all)"),
        (Text(1000), ""),
        (Text(1000, ("yes", "no")), "\n\nLegal moves: yes, no"),
    ],
)
def test_moves_are_listed_as_they_can_be(legal, listed: str) -> None:
    assert conversation(ask(game=talk(legal)), Style())[-1].content == f"said: 0{listed}"


def test_free_text_is_asked_for_with_its_limit() -> None:
    system, _ = conversation(ask(game=talk(Text(1000))), Style(notation="brackets"))
    assert "Reply with nothing but your text (at most 1,000 characters), written as [your text]." in system.content


def test_talk_is_asked_for_above_the_move() -> None:
    system, _ = conversation(ask(game=talk(Text(1000, ("yes", "no")))), Style())
    assert (
        "Reply with nothing but your text (at most 1,000 characters), whose last line is your move, written as "
        "<answer>your words\nyour move</answer>."
    ) in system.content


def test_what_others_said_is_announced_where_there_is_talk() -> None:
    announced = "A line that begins with a name and | is what that player said"
    assert announced in conversation(ask(game=talk(Text(1000))), Style())[0].content
    assert announced not in conversation(ask("K", "Q"), Style())[0].content


PAST = [(after(KUHN, "K", "Q"), "<think>A king!</think>\n<answer>pass</answer>")]


@pytest.mark.parametrize(
    ("history", "reply"),
    [("strip", "<answer>pass</answer>"), ("keep", "<think>A king!</think>\n<answer>pass</answer>")],
)
def test_earlier_turns_come_back_as_they_were(history, reply: str) -> None:
    system, view, said, user = conversation(ask("K", "Q", "pass", "bet", past=PAST), Style(history=history))
    assert system.role == "system"
    assert view == Message("user", KUHN.view(after(KUHN, "K", "Q"), 0))
    assert said == Message("assistant", reply)
    assert user.role == "user"
    assert user.content.startswith(KUHN.view(after(KUHN, "K", "Q", "pass", "bet"), 0))


def test_by_default_the_view_is_all_that_is_remembered() -> None:
    request = ask("K", "Q", "pass", "bet", past=PAST)
    assert [message.role for message in conversation(request, Style())] == ["system", "user"]


REFUSED = [
    (Move("raise"), "'raise' is not legal here; legal: pass, bet"),
    (Move(None, fault=Fault.UNPARSABLE), "it held no finished answer of the form <answer>your move</answer>"),
    (Move(None, fault=Fault.EMPTY), "it said nothing; write <answer>your move</answer>"),
    (
        Move(None, fault=Fault.TRUNCATED),
        "it ran into its length limit before it came to <answer>your move</answer>; be shorter",
    ),
]


@pytest.mark.parametrize(("move", "why"), REFUSED, ids=["illegal", "unparsable", "empty", "truncated"])
def test_a_refused_reply_is_explained_in_words_of_its_own(move: Move, why: str) -> None:
    """The referee's real complaints, so that its words and ours cannot drift apart."""
    seen: list[Request] = []

    class Clumsy:
        name = "clumsy"

        def act(self, batch: Requests) -> list[Move]:
            seen.extend(batch)
            return [Move("bet") if request.complaint else move for request in batch]

    fixture = Fixture("m", "tournament", ("clumsy", "clumsy"), 1, "p")
    list(play_fixtures(KUHN, [fixture], {"clumsy": Clumsy()}))
    question = conversation(seen[1], Style())[-1].content
    assert question.endswith(f"\n\nYour last reply was refused: {why}.")
