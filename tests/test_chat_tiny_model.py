"""A small real language model at the table: asked through transformers, constrained or not, in whole matches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import arena
from arena.errors import PlayerError
from arena.game import decision_states
from arena.player import Fault, Request, Requests
from arena.players.prompt import Style, conversation
from arena.players.tabular import Tabular
from arena.record import StopReason
from arena.registry import load_player
from arena.seeds import derive
from arena.trainers.tiny_model import make
from tests.language import decisions, tagged, taught
from tests.test_chat import KUHN, ask, play, questions


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a small model with random weights, whose tokenizer knows what is said at Kuhn poker."""
    texts = [message.content for request in questions() for message in conversation(request, Style())]
    folder = tmp_path_factory.mktemp("tiny") / "model"
    return str(make(folder, [*texts, "<answer>pass</answer>", "<answer>bet</answer>"], width=32, layers=2, heads=2))


def test_a_real_model_is_asked_and_its_prose_is_no_move(tiny: str) -> None:
    player = load_player(f'chat(model="{tiny}", max_tokens=20)', KUHN)
    moves = player.act(questions())
    assert {move.fault for move in moves} <= {Fault.UNPARSABLE, Fault.TRUNCATED, Fault.EMPTY}
    assert all(move.raw or move.fault is Fault.EMPTY for move in moves)
    for move in moves:
        assert 0 < len(move.trace["ids"]) == len(move.trace["logp"]) <= 20
        assert (move.trace["logp"] <= 0).all()
    player.submit(questions())
    answers: list = []
    while len(answers) < len(moves):
        answers += player.collect(1.0)
    assert sorted(move.raw for _, move in answers) == sorted(move.raw for move in moves)


def test_a_real_model_that_is_constrained_plays_the_law_that_it_states(tiny: str) -> None:
    player = load_player(f'chat(model="{tiny}", constrained=True, temperature=0.7)', KUHN)
    batch = Requests(ask("K", "Q", "bet", seed=derive(0, i)) for i in range(150))
    moves = player.act(batch)
    policy = player.policy(Requests(batch[:1]))[0]
    assert policy.sum() == pytest.approx(1.0)
    for action, expected in zip(KUHN.actions, policy, strict=True):
        seen = sum(move.action == action for move in moves) / len(moves)
        assert abs(seen - expected) < 5 * (expected * (1 - expected) / len(moves)) ** 0.5
    logp = {move.action: move.trace["logp"].sum(dtype=float) for move in moves}
    for action, total in logp.items():
        assert total == pytest.approx(np.log(policy[KUHN.actions.index(action)]), abs=1e-4)


def test_a_real_model_at_a_real_table(tiny: str) -> None:
    player = load_player(f'chat(model="{tiny}", constrained=True)', KUHN)
    records = play(player, 6)
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert play(player, 6) == records


def test_how_far_it_is_from_an_equilibrium_follows_from_its_law(tiny: str) -> None:
    """The NashConv of the player is that of the table of what it says of itself, information set by information set."""
    player = load_player(f'chat(model="{tiny}", constrained=True)', KUHN)
    sets = {request.text: request for request in (Request(KUHN, *s) for s in decision_states(KUHN, 1000))}
    law = player.policy(Requests(sets.values()))
    table = {view: dict(zip(KUHN.actions, row, strict=True)) for view, row in zip(sets, law, strict=True)}
    assert len(table) == 12
    exact = arena.exploit(Tabular(KUHN, table), KUHN).nash_conv
    assert exact > 0.1
    assert arena.exploit(player, KUHN).nash_conv == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("options", ["", ", answer='boxed', show_legal=False, history='keep'"])
def test_what_it_can_be_taught_are_the_ids_that_it_is_asked_and_answers_with(tiny: str, options: str) -> None:
    player = load_player(f"chat(model='{tiny}', constrained=True{options})", KUHN)
    batch = questions()
    for request, move in zip(batch, player.act(batch), strict=True):
        prompt, answer = player.lesson(request, move.action)
        assert list(prompt) == move.trace["prompt_ids"].tolist()
        assert list(answer) == move.trace["ids"].tolist()


def test_a_reply_in_its_words_has_the_ids_that_it_was_drawn_from(tiny: str) -> None:
    player = load_player(f"chat(model='{tiny}', constrained=True, history='keep')", KUHN)
    batch = questions()
    for request, move in zip(batch, player.act(batch), strict=True):
        prompt, answer = player.reply(request, move.raw)
        assert list(prompt) == move.trace["prompt_ids"].tolist()
        assert list(answer) == move.trace["ids"].tolist()
    thinker = load_player(f"chat(model='{tiny}', thinking=True)", KUHN)
    assert len(thinker.reply(batch[0], "")[0]) > 0, "how it is asked is known all the same"
    with pytest.raises(PlayerError, match="its replies need their ids"):
        thinker.reply(batch[0], "<answer>bet</answer>")


@pytest.mark.slow
def test_a_model_that_was_taught_answers_freely_and_plays_legal_moves(tmp_path: Path) -> None:
    """Sixty matches of random play are enough to learn the notation and which moves there are."""
    folder = taught(
        tmp_path / "model", decisions("kuhn_poker", 60), lambda request: conversation(request, Style()), tagged,
        width=64, layers=2, heads=2,
    )  # fmt: skip
    records = play(load_player(f'chat(model="{folder}", max_tokens=20)', KUHN), 40)
    replies = [turn for record in records for turn in record.turns if turn.raw]
    assert sum(not turn.fault for turn in replies) > 0.8 * len(replies)
    assert {record.stop for record in records} <= {StopReason.FINISHED, StopReason.FORFEIT}
