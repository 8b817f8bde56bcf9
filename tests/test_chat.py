"""A language model at the table: its questions, its moves, its failures, and the law of its constrained answers."""

from __future__ import annotations

import gc
import subprocess
import sys

import numpy as np
import pytest

from arena.errors import ConfigError, PlayerError
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Continuous, Fault, HasLaw, HasPolicy, Request, Requests
from arena.players.chat import Chat, ConstrainedChat, DirectChat
from arena.players.engines import kinds
from arena.players.engines.engine import Reply, Sampling
from arena.players.prompt import Style, conversation
from arena.players.uniform import UniformPlayer
from arena.record import StopReason
from arena.registry import load_game, load_player
from arena.seeds import derive
from arena.testing import check_player
from tests.engines import END, Letters, Scripted

KUHN = load_game("kuhn_poker")


def ask(*moves: str, game=KUHN, seed: int = 1, **more) -> Request:
    s = game.start()
    for move in moves:
        s = game.step(s, move)
    return Request(game, s, game.turn(s), seed=seed, **more)


DEALS = [(a, b) for a in "JQK" for b in "JQK" if a != b]


def questions() -> Requests:
    """All of the first player's, and of the second after a bet."""
    return Requests(ask(*deal, *said) for deal in DEALS for said in [(), ("bet",)])


def says(text: str | Reply, **style) -> Chat:
    return Chat(Scripted(lambda prompt, sampling, member: text), Style(**style))


def echo() -> Chat:
    """A player whose every reply says which question it answers."""
    return Chat(Scripted(lambda prompt, sampling, member: f"<answer>{prompt[-1].content.splitlines()[0]}</answer>"))


# What becomes of a reply.


@pytest.mark.parametrize(
    ("reply", "action", "fault"),
    [
        (Reply("Hm. <answer>bet</answer>", "end"), "bet", None),
        (Reply("<answer>raise</answer>", "end"), "raise", None),
        (Reply("I bet.", "end"), None, Fault.UNPARSABLE),
        (Reply("", "end"), None, Fault.EMPTY),
        (Reply("Let me think about", "length"), None, Fault.TRUNCATED),
        (Reply("the server said <answer>bet</answer>", "unavailable"), None, Fault.UNAVAILABLE),
        (Reply("the prompt is longer than <answer>bet</answer>", "refused"), None, Fault.CRASHED),
    ],
)
def test_a_reply_becomes_a_move_or_a_fault(reply: Reply, action: str | None, fault: Fault | None) -> None:
    (move,) = says(reply).act(Requests([ask("K", "Q")]))
    assert (move.action, move.fault, move.raw) == (action, fault, reply.text)


def test_every_question_gets_its_own_answer_in_whatever_order_they_come() -> None:
    batch = questions()
    moves = echo().act(batch)
    assert [move.action for move in moves] == [request.text.splitlines()[0] for request in batch]


def test_half_a_character_is_no_move_and_is_written_down_as_such() -> None:
    (move,) = says("<answer>\ud800</answer>").act(Requests([ask("K", "Q")]))
    assert (move.fault, move.raw) == (Fault.UNPARSABLE, "<answer>?</answer>")


def test_what_is_asked_is_the_conversation_with_the_requests_own_seed() -> None:
    player = Chat(
        Scripted(lambda *_: "<answer>bet</answer>"), Style(thinking=True), Sampling(99, 0.5, 0.9, 20), "adapter"
    )
    request = ask("K", "Q", seed=2**63 + 5)
    player.act(Requests([request]))
    (asked,) = player.engine.asked
    assert asked == (conversation(request, player.style), Sampling(99, 0.5, 0.9, 20, seed=2**63 + 5), "adapter")


def test_a_trace_holds_what_training_needs() -> None:
    player = Chat(Letters(sharpness=3.0), sampling=Sampling(max_tokens=400, temperature=0.8))
    (move,) = player.act(Requests([ask("K", "Q")]))
    trace = move.trace
    assert player.keeps_traces
    assert {name: str(array.dtype) for name, array in trace.items()} == {
        "dollars": "float64", "prompt_tokens": "int64", "completion_tokens": "int64",
        "prompt_ids": "int32", "ids": "int32", "logp": "float32", "version": "int64", "temperature": "float64",
        "top_p": "float64", "top_k": "int64", "max_tokens": "int64", "constrained": "bool", "cut": "bool",
    }  # fmt: skip
    assert trace["ids"][-1] == END
    assert "".join(map(chr, trace["ids"][:-1])) == move.raw
    assert (trace["version"], trace["temperature"], trace["max_tokens"]) == (7, 0.8, 400)
    assert not trace["constrained"]


@pytest.mark.parametrize("stop", ["end", "unavailable"])
def test_where_the_engine_knows_no_ids_a_trace_holds_the_cost_alone(stop) -> None:
    reply = Reply("<answer>bet</answer>", stop, prompt_tokens=300, completion_tokens=7, dollars=0.25)
    (move,) = says(reply).act(Requests([ask("K", "Q")]))
    assert move.trace == {"dollars": 0.25, "prompt_tokens": 300, "completion_tokens": 7}


def test_a_refused_question_leaves_the_others_asked() -> None:
    """The referee asks again what it is owed, each question alone, and drops what it did not expect."""
    player = echo()
    accept = player.engine.submit

    def submit(*arguments):
        if len(player.engine.asked) == 3:
            raise PlayerError("the prompt is refused")
        return accept(*arguments)

    player.engine.submit = submit
    with pytest.raises(PlayerError, match="refused"):
        player.submit(questions())
    assert len(player.collect(1.0)) == 3
    assert player.collect(1.0) == []


# Matches.


def play(player, matches: int = 20, **patience):
    fixtures = [
        Fixture(f"m{i}", "tournament", ("chat", "uniform") if i % 2 else ("uniform", "chat"), derive(0, i), f"p{i}")
        for i in range(matches)
    ]
    players = {"chat": player, "uniform": UniformPlayer()}
    return list(play_fixtures(KUHN, fixtures, players, patience=Patience(**patience)))


def test_it_plays_matches() -> None:
    records = play(says("<answer>bet</answer>"))
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert all(turn.raw == "<answer>bet</answer>" for r in records for turn in r.turns if turn.raw)


def test_a_refused_reply_is_told_why_and_may_be_mended() -> None:
    def say(prompt, sampling, member):
        refused = "refused: 'raise' is not legal here" in prompt[-1].content
        return f"<answer>{'bet' if refused else 'raise'}</answer>"

    records = play(Chat(Scripted(say)))
    assert {record.stop for record in records} == {StopReason.FINISHED}


def test_a_model_that_never_answers_forfeits_and_one_that_is_away_loses_nothing() -> None:
    assert {record.stop for record in play(says("I bet!"))} == {StopReason.FORFEIT}
    away = play(says(Reply("HTTP 503", "unavailable")))
    assert {record.stop for record in away} == {StopReason.VOID}
    assert {record.returns for record in away} == {(None, None)}
    assert "HTTP 503" in away[0].reason


def test_an_outage_in_the_middle_is_played_again() -> None:
    calls = iter(range(10**6))

    def say(prompt, sampling, member):
        return Reply("HTTP 503", "unavailable") if next(calls) == 5 else "<answer>pass</answer>"

    records = play(Chat(Scripted(say)))
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert sum(len(record.outages) for record in records) == 1


@pytest.mark.parametrize("history", ["state", "strip", "keep"])
def test_the_same_match_is_played_alike_whatever_is_played_beside_it(history: str) -> None:
    def record_of(matches: int):
        player = ConstrainedChat(Letters(), Style(history=history))
        return next(record for record in play(player, matches) if record.key == "m0")

    assert record_of(1).turns == record_of(12).turns


# Continuous play.


def test_each_submitted_question_comes_back_once_with_its_answer() -> None:
    player = echo()
    assert isinstance(player, Continuous)
    first, second = list(questions())[:5], list(questions())[5:]
    player.submit(Requests(first))
    answers = [*player.collect(1.0)]
    assert 0 < len(answers) < len(first)
    player.submit(Requests(second))
    while more := player.collect(1.0):
        answers += more
    assert {id(request) for request, _ in answers} == {id(request) for request in first + second}
    assert len(answers) == len(first) + len(second)
    assert all(move.action == request.text.splitlines()[0] for request, move in answers)


def test_players_that_share_an_engine_get_their_own_replies() -> None:
    engine = Scripted(lambda prompt, sampling, member: f"<answer>{member}</answer>")
    one, two = (Chat(engine, member=member) for member in ("one", "two"))
    one.submit(questions())
    assert {move.action for move in two.act(questions())} == {"two"}
    answers = []
    while more := one.collect(1.0):
        answers += more
    assert [move.action for _, move in answers] == ["one"] * len(questions())


# Constrained answers.


@pytest.mark.parametrize(("game", "temperature"), [("kuhn_poker", 1.0), ("kuhn_poker", 0.0), ("leduc_poker", 0.6)])
def test_what_it_plays_has_the_law_that_it_states(game: str, temperature: float) -> None:
    """check_player compares 400 answers at each of ten positions with the policy."""
    player = ConstrainedChat(Letters(sharpness=0.3, at_once=500), sampling=Sampling(temperature=temperature))
    assert isinstance(player, HasPolicy)
    check_player(player, load_game(game), draws=400)


def test_the_law_is_the_models_own_given_that_the_answer_is_legal() -> None:
    engine = Letters()
    request = ask("K", "Q")
    (policy,) = ConstrainedChat(engine).policy(Requests([request]))
    answers = ["<answer>pass</answer>", "<answer>bet</answer>"]
    (scores,) = engine.score([(conversation(request, Style()), answers)])
    likelihood = np.exp([s.sum(dtype=float) for s in scores])
    np.testing.assert_allclose(policy, likelihood / likelihood.sum(), rtol=1e-6)


def test_a_constrained_answer_is_always_legal_and_its_trace_is_as_likely_as_the_policy_says() -> None:
    player = ConstrainedChat(Letters(sharpness=0.3))
    batch = questions()
    moves, policy = player.act(batch), player.policy(batch)
    for move, row in zip(moves, policy, strict=True):
        assert move.trace["logp"].sum() == pytest.approx(np.log(row[KUHN.actions.index(move.action)]), abs=1e-5)
        assert move.trace["constrained"]


def test_where_it_may_talk_it_moves_in_silence() -> None:
    game = load_game("simple_negotiation(each=1, values=2)")
    request = ask("1", "2", "2", "1", game=game)
    batch = Requests([request])
    player = ConstrainedChat(Letters(sharpness=0.3))
    (policy,), (move,) = player.policy(batch), player.act(batch)
    assert policy.sum() == pytest.approx(1.0)
    assert (policy > 0).tolist() == batch.mask()[0].tolist()
    assert move.action in request.legal.moves


def test_talk_and_move_are_one_answer() -> None:
    game = load_game("simple_negotiation")
    request = ask("1", "2", "2", "1", game=game)
    (move,) = says("<answer>One for one?\nOffer 1 wood for 1 gold</answer>").act(Requests([request]))
    assert move.action == "One for one?\noffer 1 wood for 1 gold"
    assert move.action in request.legal


def test_a_player_that_answers_freely_states_no_law() -> None:
    assert not isinstance(says("<answer>bet</answer>"), HasPolicy | HasLaw)


# The law of free replies.


class Few(Letters):
    """Says one of a few things, as likely as they are told here."""

    SAYS = {"<answer>bet</answer>": 0.5, "<answer>pass</answer>": 0.2, "<answer>PASS</answer>": 0.1, "I bet.": 0.2}

    def score(self, asked, member=""):
        self.asked += [(prompt, texts, member) for prompt, texts in asked]
        return [[self.spread(text) for text in texts] for _, texts in asked]

    def spread(self, text):
        return np.full(len(text) + 1, np.log(self.SAYS[text]) / (len(text) + 1), np.float32)


def test_the_law_of_a_direct_answer_leaves_the_rest_to_no_move() -> None:
    """The likelihood of the plain answers, not made to sum to 1; what is legal in other words counts as none."""
    player = DirectChat(Few(), member="adapter")
    assert isinstance(player, HasLaw)
    assert not isinstance(player, HasPolicy)
    request = ask("K", "Q")
    np.testing.assert_allclose(player.law(Requests([request, request])), [[0.2, 0.5, 0.3]] * 2, atol=1e-6)
    texts = ["<answer>pass</answer>", "<answer>bet</answer>"]
    assert player.engine.asked == [(conversation(request, Style()), texts, "adapter")] * 2


def test_a_law_is_of_the_tokens_that_a_reply_may_have() -> None:
    """An answer of 20 tokens and an end is whole within 20, and can never be said within 19."""
    bet, letters = "<answer>bet</answer>", Letters(sharpness=5.0)
    request = ask("K", "Q")
    for most, tokens in [(30, 21), (21, 21), (20, 20)]:
        law = DirectChat(letters, sampling=Sampling(max_tokens=most)).law(Requests([request]))
        ((logp,),) = letters.score([(conversation(request, Style()), [bet])])
        assert law[0, KUHN.actions.index("bet")] == pytest.approx(
            np.exp(logp[:tokens].sum(dtype=float)), rel=1e-6, abs=0
        )
    assert DirectChat(letters, sampling=Sampling(max_tokens=19)).law(Requests([request])).tolist() == [[0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("reply", "law"),
    [
        ("Well. <answer>Bet</answer>", [0.0, 1.0, 0.0]),
        ("<answer>raise</answer>", [0.0, 0.0, 1.0]),
        ("I bet", [0.0, 0.0, 1.0]),
    ],
)
def test_the_cold_say_one_thing_which_is_asked_for_and_read(reply: str, law: list[float]) -> None:
    player = DirectChat(Scripted(lambda *_: reply), sampling=Sampling(temperature=0.0))
    assert player.law(questions()).tolist() == [law] * len(questions())
    assert len(player.engine.asked) == len(questions())


def test_the_cold_that_are_away_have_no_law() -> None:
    player = DirectChat(Scripted(lambda *_: Reply("HTTP 503", "unavailable")), sampling=Sampling(temperature=0.0))
    with pytest.raises(PlayerError, match="chat could not be asked: HTTP 503"):
        player.law(questions())


def test_a_law_needs_moves_that_can_be_listed() -> None:
    class Open(type(KUHN)):
        actions = ()

    with pytest.raises(PlayerError, match="cannot be listed"):
        DirectChat(Few()).law(Requests([Request(Open(), ask("K", "Q")._state, 0)]))


def test_games_without_a_list_of_moves_have_no_policy() -> None:
    class Open(type(KUHN)):
        actions = ()

    request = Request(Open(), ask("K", "Q")._state, 0)
    with pytest.raises(PlayerError, match="cannot be listed"):
        ConstrainedChat(Letters()).policy(Requests([request]))


# From a spec.


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    """Let engine = "transformers" be a scripted one, and return what has been made."""
    made: list[Scripted] = []

    def make(model: str, dtype: str = "", template: dict | None = None) -> Scripted:
        made.append(Scripted(lambda prompt, sampling, member: f"<answer>{model}</answer>"))
        made[-1].options = {"dtype": dtype, "template": template}
        return made[-1]

    monkeypatch.setattr(kinds, "engine_class", lambda name: make)
    return made


def test_a_spec_makes_a_player(scripted) -> None:
    spec = 'chat(model="m", temperature=0.5, top_p=0.9, top_k=5, max_tokens=9, history="keep", thinking=True, answer="boxed", show_legal=False, options={"dtype": "float32"})'  # noqa: E501
    player = load_player(spec, KUHN)
    assert player.name == spec
    assert player.style == Style("keep", "boxed", True, False)
    assert player.sampling == Sampling(9, 0.5, 0.9, 5)
    assert scripted[0].options == {"dtype": "float32", "template": {"enable_thinking": True}}


def test_players_of_one_model_share_its_engine_until_the_last_is_closed(scripted) -> None:
    one, two = (load_player(f'chat(model="m", temperature={t})', KUHN) for t in (0.5, 1.0))
    other = load_player('chat(model="n")', KUHN)
    assert one.engine is two.engine is not other.engine
    one.close()
    assert not scripted[0].closed
    two.close()
    two.close()
    assert scripted[0].closed
    assert not scripted[1].closed
    del other
    gc.collect()
    assert scripted[1].closed


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ("", DirectChat),
        ("temperature=0, thinking=True", DirectChat),
        ("thinking=True", Chat),
        ("temperature=0.5", Chat),
        ("top_p=0.9", Chat),
        ("top_k=5", Chat),
        ("constrained=True", ConstrainedChat),
        ('engine="openai"', Chat),
        ('engine="openai", temperature=0', Chat),
    ],
)
def test_only_players_whose_law_is_known_state_one(scripted, settings: str, kind: type) -> None:
    """What thinks, or is drawn in another way than it is scored, is measured as it plays."""
    assert type(load_player(f'chat(model="m", {settings})', KUHN)) is kind


@pytest.mark.parametrize("history", ["state", "strip", "keep"])
def test_players_that_are_reminded_of_their_words_say_so(scripted, history: str) -> None:
    player = load_player(f'chat(model="m", history="{history}", constrained=True)', KUHN)
    assert player.remembers == (history != "state")


def test_an_unknown_option_is_named_with_those_there_are(scripted) -> None:
    with pytest.raises(ConfigError, match="has no option 'dtyp'; known: model, dtype, template"):
        load_player('chat(model="m", options={"dtyp": "float32"})', KUHN)


def test_a_constrained_player_is_made_by_its_switch(scripted) -> None:
    assert type(load_player('chat(model="m", constrained=True)', KUHN)) is ConstrainedChat


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("temperature=-1", "temperature = -1 will not do: give a number from 0"),
        ("temperature=1e999", "temperature = inf will not do"),
        ("top_p=0", "top_p = 0 will not do: give a number above 0, 1 at most"),
        ("top_p=1.5", "top_p = 1.5 will not do"),
        ("top_k=-1", "top_k = -1 will not do: give a whole number from 0"),
        ("top_k=2.5", "top_k = 2.5 will not do"),
        ("max_tokens=1e3", "max_tokens = 1000.0 will not do"),
        ("max_tokens=0", "max_tokens = 0 will not do: give a whole number from 1"),
        ('history="all"', "history = 'all' is none of state, strip, keep"),
        ('answer="json"', "answer = 'json' is none of tag, boxed, brackets"),
        ("constrained=True, thinking=True", "leaves no room for thinking"),
        ("constrained=True, top_k=3", "goes without top_p and top_k"),
        ('base_url="http://localhost"', "goes with engine = 'openai'"),
        ('adapter="nowhere"', "'nowhere' is no folder of a LoRA adapter"),
        ('engine="openai", constrained=True', "needs an engine that can score answers"),
        ('engine="vlm"', "there is no engine 'vlm'; did you mean 'vllm'\\?"),
        ('engine="pigeon"', "known: transformers, vllm, openai"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(inside: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_player(f'chat(model="m", {inside})', KUHN)


@pytest.mark.parametrize(
    ("engine", "how"),
    [
        ("transformers", r"pip install 'selfplay-arena\[llm\]'"),
        ("vllm", "pip install vllm"),
        ("openai", r"pip install 'selfplay-arena\[api\]'"),
    ],
)
def test_a_missing_package_is_named_with_the_way_to_get_it(engine: str, how: str, monkeypatch) -> None:
    monkeypatch.setattr(kinds, "find_spec", lambda package: None)
    with pytest.raises(ConfigError, match=f"needs the package {engine}, which is not installed: {how}"):
        load_player(f'chat(model="m", engine="{engine}")', KUHN)


def test_an_engine_that_knows_no_ids_teaches_nothing() -> None:
    with pytest.raises(PlayerError, match="only a model that transformers loads can be taught: name its folder"):
        echo().lesson(ask("K", "Q"), "bet")


def test_to_import_it_imports_no_model_library() -> None:
    code = "import sys, arena.players.chat; print({'torch', 'transformers', 'openai', 'vllm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_whoever_leaves_is_owed_nothing_and_the_others_at_its_engine_are() -> None:
    class Paid(Scripted):
        dropped: list[int] = []

        def drop(self, tickets) -> None:
            self.dropped = list(tickets)

    engine = Paid(lambda *_: "<answer>bet</answer>", at_once=1)
    one, other = Chat(engine), Chat(engine)
    one.submit(questions())
    other.submit(questions())
    one.collect(1.0)
    one.close()
    assert engine.dropped == list(range(len(questions()) - 1))
    assert one.collect(1.0) == []
    assert len(other.collect(1.0)) == 1
