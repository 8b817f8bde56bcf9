"""A lesson is what the chat player itself would read and write."""

from __future__ import annotations

import pytest

import arena
from arena.demonstrations import demonstrations
from arena.errors import PlayerError
from arena.player import Request
from arena.players.answer import NOTATIONS, read
from arena.players.lesson import lesson, texts
from arena.players.prompt import Style, conversation

TIC_TAC_TOE = arena.load_game("tic_tac_toe")


def decisions():
    (record,) = arena.play(TIC_TAC_TOE, ["uniform", "uniform"])
    return list(demonstrations(record, TIC_TAC_TOE))


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_answer_is_read_as_the_move(notation) -> None:
    for request, action in decisions():
        prompt, answer = lesson(request, action, Style(notation=notation))
        assert prompt == conversation(request, Style(notation=notation))
        assert read(answer, "end", request.legal, notation) == action


@pytest.mark.parametrize("history", ["strip", "keep"])
def test_what_it_said_before_is_worded_as_its_answers(history) -> None:
    request, action = decisions()[-1]
    prompt, _ = lesson(request, action, Style(history=history))
    said = [message.content for message in prompt if message.role == "assistant"]
    assert said == [f"<answer>{move}</answer>" for _, move in request.past]
    assert len(said) > 1


def test_thinking_cannot_be_learned_from_moves() -> None:
    request, action = decisions()[0]
    with pytest.raises(PlayerError, match="do not show how to think"):
        lesson(request, action, Style(thinking=True))


def test_a_move_that_would_be_read_as_another_is_no_lesson() -> None:
    game = arena.load_game("simple_negotiation")
    state = game.start()
    while (seat := game.turn(state)) == arena.CHANCE:
        state = game.step(state, game.chance(state)[0][0])
    request = Request(game, state, seat)
    move = request.legal.moves[0]
    assert lesson(request, f"no [deal]\n{move}", Style())[1].startswith("<answer>no [deal]\n")
    with pytest.raises(PlayerError, match="cannot be written as answer = 'brackets'"):
        lesson(request, f"no [deal]\n{move}", Style(notation="brackets"))


def test_texts_are_all_that_is_read_and_written() -> None:
    request, action = decisions()[0]
    system, user, answer = texts(request, action)
    assert system.startswith(TIC_TAC_TOE.rules("first"))
    assert request.text in user
    assert answer == f"<answer>{action}</answer>"
