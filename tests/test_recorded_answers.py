"""What is learned of recorded matches offline: every answer that was paid, in the ids that were drawn if they fit."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import arena
from arena.errors import ConfigError, UnknownName
from arena.fixture import Patience
from arena.player import Fault, Move
from arena.players.answer import written
from arena.players.engines.engine import Message
from arena.players.prompt import Style, conversation
from arena.record import Record, StopReason, Turn
from arena.registry import find, load_player
from arena.store import Store
from arena.trainers.recorded_answers import SAID_NOTHING, UNWRITABLE, _pairs, answers_of, recorded
from arena.trainers.tiny_model import make

GAME = arena.load_game("noisy_critic")
ANY = (Message("user", "?"),)
PENNIES = arena.load_game("matching_pennies")


class Spoken:
    """Answers in the words that it is given, one after the other, and leaves ids with them."""

    keeps_traces = True

    def __init__(self, *replies: str, ids: bool = True) -> None:
        self.name, self.replies, self.ids = "spoken", list(replies), ids

    def act(self, batch) -> list[Move]:
        return [self._move(request) for request in batch]

    def _move(self, request) -> Move:
        raw = self.replies.pop(0)
        trace = {"prompt_ids": np.array(asked(request, "")[0]), "ids": np.array([*map(ord, raw), 0])}
        action = raw.rpartition(":")[2]
        fault = Fault.UNPARSABLE if action == "?" else Fault.TRUNCATED if action == "…" else None
        return Move(None if fault else action, raw, trace if self.ids else {}, fault)


class Reader:
    """Writes letters as their numbers, and knows its questions by their text."""

    def reply(self, request, raw):
        return asked(request, raw)

    def lesson(self, request, action):
        return asked(request, f"<{action}>")


def asked(request, raw):
    said = [*(ord(char) for _, words in request.past for char in words), 1]
    return [len(request.text), *said], [*map(ord, raw), 0]


def play(game, *players, matches=1, seed=0, retries=0) -> list[Record]:
    return arena.play(game, list(players), matches, seed, Patience(retries=retries))


def learned(record: Record, traces=None, **which) -> list:
    found = list(recorded(record, record_game(record), record.traces if traces is None else traces, **which))
    return [(answer.turn.raw or answer.turn.action, answer.payoff) for answer in found]


def record_game(record: Record):
    return arena.load_game(record.game)


def test_every_answer_of_a_seat_has_what_its_match_paid_in_units_of_the_scale() -> None:
    game = arena.load_game("matrix(payoffs=[[4, -4], [-4, 4]])")
    first, second = game.actions
    (record,) = play(game, Spoken(f"a:{first}"), Spoken(f"b:{second}"))
    assert record.returns == (-4.0, 4.0)
    assert learned(record) == [(f"a:{first}", -1.0), (f"b:{second}", 1.0)]
    assert learned(record, role=game.roles[1]) == [(f"b:{second}", 1.0)]
    assert learned(replace(record, entrants=("x", "y")), who="x") == [(f"a:{first}", -1.0)]


def test_a_seat_that_played_no_game_and_a_match_that_counts_for_nothing_leave_nothing() -> None:
    """The sneaky player is asked in half of the matches alone; where it is asked and not paid, nothing is learned."""
    records = play(GAME, "uniform", "uniform", matches=40)
    for record in records:
        roles = [answer.request.role for answer in recorded(record, GAME, {})]
        assert roles == (["critic"] if record.returns[0] is None else ["sneaky", "critic"])
        assert not list(recorded(replace(record, stop=StopReason.ABANDONED), GAME, {}))
    both = next(record for record in records if record.returns[0] is not None)
    unpaid = replace(both, returns=(None, both.returns[1]), stop=StopReason.TRUNCATED)
    assert [answer.request.role for answer in recorded(unpaid, GAME, {})] == ["critic"]


def test_refused_answers_are_learned_from_as_the_rules_pay_them() -> None:
    """A match that is forfeit, and one in which the second try is a move."""
    heads = PENNIES.actions[0]
    (record,) = play(PENNIES, Spoken(f"a:{heads}"), Spoken("b:?"))
    assert record.stop is StopReason.FORFEIT
    assert learned(record) == [("b:?", PENNIES.forfeit(1)[1] / PENNIES.scale)]
    (record,) = play(PENNIES, Spoken(f"a:{heads}"), Spoken("b:?", "b:nothing", f"b:{heads}"), retries=2)
    found = list(recorded(record, PENNIES, record.traces))
    assert [(answer.turn.raw, answer.turn.fault, answer.again) for answer in found] == [
        ("b:?", "unparsable", False),
        (f"a:{heads}", "", False),
        ("b:nothing", "illegal", True),
        (f"b:{heads}", "", True),
    ]
    assert {answer.request.text for answer in found if answer.turn.seat} == {PENNIES.view(PENNIES.start(), 1)}


def test_ids_are_those_that_were_drawn_where_the_model_would_have_been_asked_so() -> None:
    """Also of what was asked again with a complaint, which no record holds; otherwise the words are what is known."""
    heads = PENNIES.actions[0]
    (record,) = play(PENNIES, Spoken(f"a:{heads}"), Spoken("b:?", f"b:{heads}"), retries=1)
    drawn = {place: {**trace, "ids": trace["ids"] + 1000} for place, trace in record.traces.items()}
    drawn[2]["prompt_ids"] = np.array([7, 7])  # with a complaint
    assert record.turns[2].seat == 1

    def answers(traces):
        found = list(recorded(record, PENNIES, traces))
        return [answer for _, answer in _pairs(Reader(), found)]

    words = [(*map(ord, said), 0) for said in ("b:?", f"a:{heads}", f"b:{heads}")]
    raised = [tuple(i + 1000 for i in ids) for ids in words]
    assert answers(drawn) == raised
    assert answers({}) == words
    other = {place: {**trace, "prompt_ids": trace["prompt_ids"] + 1} for place, trace in drawn.items()}
    assert answers(other) == words


def test_words_are_cut_where_they_were_and_moves_are_worded_where_there_are_none() -> None:
    tails = PENNIES.actions[1]
    (record,) = play(PENNIES, Spoken("a:…", ids=False), "uniform")
    (found,) = _pairs(Reader(), list(recorded(record, PENNIES, {})))
    assert found[1] == tuple(map(ord, "a:…")), "no end was drawn"
    (record,) = play(PENNIES, f"script(prefer={tails!r})", "uniform")
    first, _ = _pairs(Reader(), list(recorded(record, PENNIES, {})))
    assert first[1] == (*map(ord, f"<{tails}>"), 0)


def test_what_cannot_be_learned_from_is_told_with_its_reason() -> None:
    heads = PENNIES.actions[0]
    (record,) = play(PENNIES, Spoken(f"a:{heads}", ids=False), Spoken(f"b:{heads}", ids=False))
    silent = replace(record, turns=(Turn(0, None, "", "empty"),), stop=StopReason.FORFEIT, returns=(-1.0, 1.0))
    assert list(_pairs(Reader(), list(recorded(silent, PENNIES, {})))) == [SAID_NOTHING]

    class Mute(Reader):
        def reply(self, request, raw):
            raise arena.errors.PlayerError("spells a control token")

    assert list(_pairs(Mute(), list(recorded(record, PENNIES, {})))) == [UNWRITABLE, UNWRITABLE]


def test_its_own_earlier_replies_are_in_their_words() -> None:
    kuhn = arena.load_game("kuhn_poker")
    for seed in range(40):
        (record,) = play(kuhn, Spoken("I wait:pass", "I call:bet"), Spoken("now:bet"), seed=seed)
        found = list(recorded(record, kuhn, record.traces))
        assert found[2].request.past == ((kuhn.view(found[0].request._state, 0), "I wait:pass"),)
        return


# A real model.


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A small model with random weights, which never says anything that can be read, and a run of it."""
    place = tmp_path_factory.mktemp("recorded")
    texts = find("lessons", "chat")
    records = arena.play(GAME, ["uniform", "uniform"], 20)
    said = [
        text for r in records for answer in recorded(r, GAME, {}) for text in texts(answer.request, answer.turn.action)
    ]
    make(place / "tiny", said, width=32, layers=1, heads=2)
    keep(place / "run", arena.play(GAME, ["uniform", spec(place)], 12))
    return place


def spec(place: Path, **more) -> str:
    return (
        f"chat({', '.join(f'{k}={v!r}' for k, v in {'model': str(place / 'tiny'), 'max_tokens': 12, **more}.items())})"
    )


def keep(folder: Path, records: list[Record]) -> None:
    with Store.open(folder) as store:
        with store.transaction():
            store.put_meta({"format": "pit", "config": {"game": GAME.spec}, "fingerprint": GAME.fingerprint})
        store.add(records)


def test_what_a_real_model_drew_is_learned_id_by_id(place) -> None:
    with Store.read(place / "run") as store:
        traces = [trace for record in store.records() for trace in store.traces(record.key).values()]
    found = answers_of(spec(place), [place / "run"], "critic", "")
    assert [(list(p), list(a)) for p, a in found.pairs] == [
        (trace["prompt_ids"].tolist(), trace["ids"].tolist()) for trace in traces
    ]
    assert len(traces) == 36, "two more tries at every question"
    assert not found.played.any()
    assert found.payoff.tolist() == [GAME.forfeit(1)[1]] * 36
    assert found.left_out == {}
    assert found.runs == [{"run": str(place / "run"), "game": "noisy_critic", "matches": 12, "answers": 36}]


def test_without_its_ids_it_is_learned_in_its_words_and_asked_as_the_pupil_is(place, tmp_path) -> None:
    records = arena.play(GAME, ["uniform", spec(place)], 12)
    keep(tmp_path / "run", [replace(record, traces={}) for record in records])
    found = answers_of(spec(place), [tmp_path / "run"], "critic", "")
    boxed = answers_of(spec(place, answer="boxed"), [place / "run"], "critic", "")
    player = load_player(spec(place, answer="boxed"), GAME)
    assert len(found.pairs) == len(boxed.pairs) == 36
    asked = [answer.request for record in records for answer in recorded(record, GAME, {}, role="critic")]
    for (prompt, _), request in zip(boxed.pairs, asked, strict=True):
        assert list(prompt) == player.engine.tokenise(conversation(request, Style(notation="boxed")), "")[0]
    assert found.pairs != boxed.pairs


def test_moves_of_those_who_say_nothing_are_written_as_the_pupil_writes_them(place) -> None:
    found = answers_of(spec(place), [place / "run"], "sneaky", "uniform")
    player = load_player(spec(place), GAME)
    assert found.played.all()
    with Store.read(place / "run") as store:
        chosen = [
            turn.action for record in store.records() for turn in record.turns if turn.seat == 0 and record.returns[0]
        ]
    wanted = [player.engine.tokenise(ANY, written(action, "tag"))[1] for action in chosen]
    assert [list(answer) for _, answer in found.pairs] == wanted


@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [
        ({"role": "critc"}, ConfigError, "noisy_critic has no role 'critc'; there are sneaky, critic"),
        ({"who": "nobody"}, UnknownName, "shows no answer of 'nobody' that was paid: play some matches first"),
        ({"spec": "uniform"}, ConfigError, "'uniform' is no language model"),
    ],
)
def test_mistakes_are_sentences(place, how, error, sentence) -> None:
    given = {"spec": spec(place), "role": "", "who": "", **how}
    with pytest.raises(error, match=sentence):
        answers_of(given["spec"], [place / "run"], given["role"], given["who"])


def test_whoever_cannot_be_taught_is_let_go(place, tmp_path, monkeypatch) -> None:
    (tmp_path / "wordless.py").write_text(
        "gone = []\n"
        "class Wordless:\n"
        "    name = 'wordless'\n"
        "    def act(self, batch): return []\n"
        "    def close(self): gone.append(self.name)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="is no language model"):
        answers_of("wordless:Wordless", [place / "run"], "", "")
    assert len(import_module("wordless").gone) == 1
