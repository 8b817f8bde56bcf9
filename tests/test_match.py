"""The referee: who is asked what and when, what failures cost whom, and that every match can be told again."""

from collections import Counter
from itertools import permutations

import pytest

import arena
from arena.errors import ConfigError, GameError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.kuhn_poker import KuhnPoker
from arena.games.matrix import RockPaperScissors
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move
from arena.players.script import Script
from arena.players.uniform import UniformPlayer
from arena.record import StopReason
from arena.registry import load_game
from arena.schedule import pair

KUHN = KuhnPoker()


class Caller:
    """Answers every request by a function of it, and keeps what it was asked, batch by batch."""

    def __init__(self, answer=lambda request: Move(request.legal[0]), name="caller"):
        self.name, self.answer, self.batches = name, answer, []

    def act(self, batch):
        self.batches.append(list(batch))
        return [self.answer(request) for request in batch]

    @property
    def asked(self):
        return [request for batch in self.batches for request in batch]


def fixtures(n, *entrants):
    return [Fixture(f"match {i}", "play", entrants or ("caller", "other"), i, f"pair {i}") for i in range(n)]


def play(player, game=KUHN, n=1, other=None, **options):
    """Return the records of n matches in which the player sits first and another one, by default uniform, second."""
    players = {"caller": player, "other": other or UniformPlayer()}
    seats = ("caller", "other") if game.seats == 2 else ("caller",)
    return list(play_fixtures(game, fixtures(n, *seats), players, **options))


def patient(**values):
    return {"patience": Patience(**values)}


# Many matches at once.


def test_hundreds_of_matches_take_one_question_per_player_and_round():
    first, second = Caller(), Caller(lambda request: Move("bet"))
    records = play(first, n=500, other=second)
    # Pass, bet, and the first player passes again: two rounds for the first player and one for the second.
    assert [len(batch) for batch in first.batches] == [500, 500]
    assert [len(batch) for batch in second.batches] == [500]
    assert {record.returns for record in records} == {(-1.0, 1.0)}


def test_no_more_matches_are_open_than_wanted_and_the_next_take_the_places_of_those_that_end():
    player = Caller(lambda request: Move("bet"))
    records = play(player, n=25, concurrent=10)
    assert [len(batch) for batch in player.batches] == [10, 10, 5]
    assert len(records) == 25


def test_one_player_in_both_seats_is_asked_once_for_all_its_seats():
    player = Caller(lambda request: Move("rock"))
    list(play_fixtures(RockPaperScissors(), fixtures(100, "caller", "caller"), {"caller": player}))
    assert [len(batch) for batch in player.batches] == [200]


def test_a_match_alone_is_the_match_among_five_hundred():
    """Chance and players draw from seeds of the match's own, so company changes nothing."""
    many = {r.key: r for r in play(UniformPlayer(), load_game("leduc_poker"), 500)}
    for fixture in fixtures(500)[::50]:
        players = {"caller": UniformPlayer(), "other": UniformPlayer()}
        assert list(play_fixtures(load_game("leduc_poker"), [fixture], players)) == [many[fixture.key]]
    assert len({record.turns for record in many.values()}) > 250


def test_who_is_to_blame_does_not_depend_on_the_company():
    """Both seats give up at once; the lower one is written down, whoever was asked first."""
    quitters = {"a": Caller(lambda r: Move(None, fault=Fault.RESIGN), "a")}
    quitters["b"] = Caller(lambda r: Move(None, fault=Fault.RESIGN), "b")
    one = Fixture("one", "play", ("a", "b"), 0, "")
    other = Fixture("other", "play", ("b", "a"), 0, "")
    alone = list(play_fixtures(RockPaperScissors(), [one], quitters))
    company = [r for r in play_fixtures(RockPaperScissors(), [other, one], quitters) if r.key == "one"]
    assert alone == company
    assert alone[0].culprit == 0


def test_records_come_as_matches_end():
    records = play_fixtures(KUHN, fixtures(3), {"caller": Script("bet"), "other": Script("pass")}, concurrent=1)
    assert next(records).key == "match 0"
    assert next(records).key == "match 1"


def test_a_player_that_is_missing_and_a_wrong_number_of_seats_are_named():
    with pytest.raises(ConfigError, match="'other' is to play, but only caller were given"):
        list(play_fixtures(KUHN, fixtures(1, "other", "caller"), {"caller": Caller()}))
    with pytest.raises(ConfigError, match="kuhn_poker has 2 seats, but 1 players were given"):
        list(play_fixtures(KUHN, fixtures(1, "caller"), {"caller": Caller()}))


# Questions.


def test_a_request_tells_the_match_the_seat_and_the_seats_own_past():
    player = Caller(lambda request: Move("pass", raw="I think I pass."))
    play(player, other=Script("bet"))
    first, second = player.asked
    assert (first.match, first.seat, first.past, first.complaint) == ("match 0", 0, (), "")
    assert second.past == ((first.text, "I think I pass."),)
    assert second.text.endswith("so far: pass, bet")


def test_no_two_questions_share_a_seed():
    player = Caller(lambda request: Move("fold"))
    play(player, n=50, other=player)
    assert len({request.seed for request in player.asked}) == len(player.asked) == 50 * 3


def test_seats_that_choose_at_the_same_time_are_asked_in_the_same_round():
    player = Caller(lambda request: Move(("rock", "paper")[request.seat]))
    (record,) = play_fixtures(RockPaperScissors(), fixtures(1, "caller", "caller"), {"caller": player})
    assert [[request.seat for request in batch] for batch in player.batches] == [[0, 1]]
    assert [turn.action for turn in record.turns] == ["rock", "paper"]


@pytest.mark.parametrize("slow", [0, 1])
def test_a_seat_whose_move_is_taken_waits_while_the_other_is_asked_again(slow):
    def answer(request):
        return Move("paper" if request.seat != slow or request.complaint else "lizard")

    player = Caller(answer)
    (record,) = play_fixtures(RockPaperScissors(), fixtures(1, "caller", "caller"), {"caller": player})
    assert [[request.seat for request in batch] for batch in player.batches] == [[0, 1], [slow]]
    assert [(t.seat, t.action) for t in record.turns] == [(slow, "lizard"), (0, "paper"), (1, "paper")]
    assert record.stop is StopReason.FINISHED


def test_the_matches_of_a_pair_have_one_deal_and_swapped_seats():
    for number in range(20):
        both = pair(KUHN, ["a", "b"], number, 0, "tournament")
        one, other = play_fixtures(KUHN, both, {"a": UniformPlayer(), "b": UniformPlayer()})
        assert {one.entrants, other.entrants} == {("a", "b"), ("b", "a")}
        assert one.seed == other.seed
        assert one.turns[:2] == other.turns[:2]  # both cards


def test_deals_differ_between_matches_and_are_fair():
    deals = Counter(tuple(t.action for t in r.turns[:2]) for r in play(Script("bet"), n=3000))
    assert set(deals) == set(permutations("JQK", 2))
    assert sum((n - 500) ** 2 / 500 for n in deals.values()) < 20.5  # one in a thousand, 5 degrees of freedom


# Moves that are none.


def test_an_illegal_move_is_explained_and_may_be_mended():
    player = Caller(lambda request: Move("bet" if request.complaint else "raise"))
    (record,) = play(player, other=Script("pass"))
    assert [request.complaint for request in player.asked] == [
        "",
        "'raise' is not legal here; legal: pass, bet",
    ]
    assert record.stop is StopReason.FINISHED
    assert [(t.action, t.fault) for t in record.turns if t.seat == 0] == [("raise", "illegal"), ("bet", "")]


def test_patience_is_per_question():
    """Two refusals before every move never add up to a forfeit."""
    tries = Counter()

    def answer(request):
        tries[request.text] += 1
        return Move("pass" if tries[request.text] > 2 else "raise")

    (record,) = play(Caller(answer), other=Script("bet"))
    assert record.stop is StopReason.FINISHED
    assert [turn.fault for turn in record.turns if turn.seat == 0] == ["illegal", "illegal", ""] * 2


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_beyond_patience_illegal_moves_forfeit(retries):
    player = Caller(lambda request: Move("raise"))
    (record,) = play(player, **patient(retries=retries))
    assert record.stop is StopReason.FORFEIT
    assert (record.culprit, record.returns) == (0, (-2.0, 2.0))
    assert record.reason == "caller: 'raise' is not legal here; legal: pass, bet"
    assert [turn.fault for turn in record.turns if turn.seat == 0] == ["illegal"] * (retries + 1)
    assert len(player.asked) == retries + 1


def test_without_feedback_the_player_learns_only_that_it_must_try_again():
    player = Caller(lambda request: Move("raise"))
    (record,) = play(player, **patient(feedback=False, retries=1))
    assert [request.complaint for request in player.asked] == ["", "that was no legal move"]
    assert "'raise' is not legal" in record.reason  # the record says it all the same


@pytest.mark.parametrize("fault", [Fault.UNPARSABLE, Fault.EMPTY, Fault.TRUNCATED])
def test_a_reply_without_an_action_counts_as_a_fault_of_its_kind(fault):
    player = Caller(lambda request: Move(None, raw="Hm.", fault=fault))
    (record,) = play(player, **patient(retries=1))
    assert player.asked[1].complaint == f"no action could be read from your reply ({fault})"
    assert record.stop is StopReason.FORFEIT
    assert [(t.action, t.raw, t.fault) for t in record.turns if t.seat == 0] == [(None, "Hm.", str(fault))] * 2


def test_saying_neither_action_nor_fault_is_an_empty_reply():
    (record,) = play(Caller(lambda request: Move(None)), **patient(retries=0))
    assert record.turns[-1].fault == "empty"


def test_who_resigns_forfeits_at_once():
    player = Caller(lambda request: Move(None, raw="I give up.", fault=Fault.RESIGN))
    (record,) = play(player)
    assert (record.stop, record.culprit, record.reason) == (StopReason.FORFEIT, 0, "caller resigned")
    assert len(player.asked) == 1
    assert record.turns[-1].raw == "I give up."


class Quiz(Game[tuple[str, ...]]):
    """Everybody writes a word, all at the same time; whoever writes one gets 1."""

    name = "quiz"
    roles = ("asked",) * 3
    zero_sum = False

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 3 else OVER

    def ready(self, s):
        return range(len(s), 3)

    def forgives(self, seat):
        return seat != 2

    def legal(self, s, seat):
        return Text(5)

    def step(self, s, action):
        if action == "never":
            raise IllegalAction("nobody says never")
        return (*s, action)

    def returns(self, s):
        return tuple(float(word != "") for word in s)

    def view(self, s, seat):
        return f"seat {seat}"


@pytest.mark.parametrize(
    "failure",
    [
        Move(None, "Hm.", fault=Fault.UNPARSABLE),
        Move(None, "Hm.", fault=Fault.TRUNCATED),
        Move(None, fault=Fault.RESIGN),
        Move(None, fault=Fault.TIMEOUT),
        Move("too long a word"),
        Move("never"),
    ],
    ids=["unparsable", "truncated", "resigned", "late", "illegal", "refused by the rules"],
)
@pytest.mark.parametrize("guilty", [0, 1])
def test_a_match_goes_on_without_a_seat_that_the_game_forgives(failure, guilty):
    player = Caller(lambda request: failure if request.seat == guilty else Move("word"))
    seats = [Fixture("quiz", "play", ("caller",) * 3, 0, "")]
    heard = []
    (record,) = play_fixtures(Quiz(), seats, {"caller": player}, watch=lambda f, r, move: heard.append(r.seat))
    assert record.stop is StopReason.FINISHED
    assert record.returns == tuple(float(seat != guilty) for seat in range(3))
    assert [turn.action for turn in record.turns if not turn.fault] == ["" if s == guilty else "word" for s in range(3)]
    assert sum(bool(turn.fault) for turn in record.turns) >= 1
    assert sorted(heard) == [seat for seat in range(3) if seat != guilty]
    list(record.replay(Quiz()))


def test_a_game_that_forgives_takes_the_empty_text():
    class Strict(Quiz):
        def step(self, s, action):
            if not action:
                raise IllegalAction("say something")
            return super().step(s, action)

    player = Caller(lambda request: Move("word" if request.seat else None))
    with pytest.raises(GameError, match="it forgives seat 0, and refuses the empty text: say something"):
        list(play_fixtures(Strict(), [Fixture("quiz", "play", ("caller",) * 3, 0, "")], {"caller": player}))


def test_a_seat_that_is_not_forgiven_forfeits_as_ever():
    player = Caller(lambda request: Move(None) if request.seat == 2 else Move("word"))
    (record,) = play_fixtures(Quiz(), [Fixture("quiz", "play", ("caller",) * 3, 0, "")], {"caller": player})
    assert (record.stop, record.culprit) == (StopReason.FORFEIT, 2)


class Whisper(Game[tuple[str, ...]]):
    """Say something in at most five characters, but not what the rules do not like."""

    name = "whisper"
    roles = ("speaker",)

    def start(self):
        return ()

    def turn(self, s):
        return OVER if s else 0

    def legal(self, s, seat):
        return Text(5)

    def step(self, s, action):
        if action == "boo":
            raise IllegalAction("please be polite")
        return (action,)

    def returns(self, s):
        return (1.0,)

    def view(self, s, seat):
        return " ".join(s)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("hello there", "a reply may have at most 5 characters, this one has 11"),
        ("boo", "please be polite"),
    ],
)
def test_what_the_rules_refuse_is_told_in_their_words(said, complaint):
    player = Caller(lambda request: Move("hi" if request.complaint else said))
    (record,) = play(player, Whisper())
    assert player.asked[1].complaint == complaint
    assert [(t.action, t.fault) for t in record.turns] == [(said, "illegal"), ("hi", "")]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("I pass", "'I pass' is not legal as the last line; legal: pass, bet"),
        ("pass\nHa!", "'Ha!' is not legal as the last line; legal: pass, bet"),
        ("what a long\npass", "a reply may have at most 10 characters, this one has 16"),
    ],
)
def test_talk_without_a_move_is_refused(said, complaint):
    class Aloud(Whisper):
        name = "aloud"

        def legal(self, s, seat):
            return Text(10, ("pass", "bet"))

    player = Caller(lambda request: Move("so\nbet" if request.complaint else said))
    (record,) = play(player, Aloud())
    assert player.asked[1].complaint == complaint
    assert [turn.action for turn in record.turns] == [said, "so\nbet"]


def test_a_long_list_of_legal_moves_is_shortened():
    class Wide(Whisper):
        name = "wide"

        def legal(self, s, seat):
            return [f"m{i}" for i in range(100)]

    player = Caller(lambda request: Move("m0" if request.complaint else "x"))
    play(player, Wide())
    assert player.asked[1].complaint == f"'x' is not legal here; legal: {', '.join(f'm{i}' for i in range(20))}, …"


# Matches that fail without anybody losing.


def test_infrastructure_that_fails_for_a_while_costs_nothing():
    answers = iter([Move(None, raw="HTTP 503", fault=Fault.UNAVAILABLE), Move("bet")])
    (record,) = play(Caller(lambda request: next(answers)), other=Script("pass"))
    assert (record.stop, record.crashes, record.outages) == (StopReason.FINISHED, (), (0,))
    assert [turn.action for turn in record.turns[2:]] == ["bet", "pass"]


def test_a_match_that_is_tried_again_has_its_deal_and_new_seeds():
    seeds, texts = [], []

    def answer(request):
        seeds.append(request.seed)
        texts.append(request.text)
        return Move(None, fault=Fault.UNAVAILABLE)

    play(Caller(answer))
    assert len(set(texts)) == 1
    assert len(set(seeds)) == 3


@pytest.mark.parametrize("attempts", [1, 3])
@pytest.mark.parametrize(
    ("fault", "stop", "reason"),
    [
        (Fault.UNAVAILABLE, StopReason.VOID, "caller was not available: HTTP 503"),
        (Fault.CRASHED, StopReason.ABANDONED, "caller crashed: HTTP 503"),
    ],
)
def test_after_its_attempts_a_match_stays_void_by_an_outage_and_is_abandoned_by_a_crash(attempts, fault, stop, reason):
    player = Caller(lambda request: Move(None, raw="HTTP 503", fault=fault))
    (record,) = play(player, **patient(attempts=attempts))
    blamed, excused = (record.crashes, record.outages) if fault is Fault.CRASHED else (record.outages, record.crashes)
    assert (record.stop, record.culprit, blamed, excused) == (stop, 0, (0,) * attempts, ())
    assert record.returns == (None, None)
    assert record.reason == reason
    assert not record.stop.rated
    assert len(player.asked) == attempts


def explode(request):
    raise ZeroDivisionError("my own fault")


def test_a_crash_is_void_and_its_reason_is_kept():
    (record,) = play(Caller(explode))
    assert record.stop is StopReason.ABANDONED
    assert record.reason == "caller crashed: ZeroDivisionError: my own fault"


def test_one_crash_in_a_batch_stops_that_match_only():
    def answer(request):
        return explode(request) if request.match == "match 7" else Move("bet")

    records = {record.key: record for record in play(Caller(answer), n=20)}
    assert [key for key, record in records.items() if record.stop is not StopReason.FINISHED] == ["match 7"]
    assert records["match 7"].reason == "caller crashed: ZeroDivisionError: my own fault"


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ([Move("bet"), Move("bet")], "caller answered 1 requests with 2 moves"),
        ([], "caller answered 1 requests with 0 moves"),
        (["bet"], "caller answered with a str instead of a Move"),
        ([Move("pass", raw=["x"])], "caller answered with ['x'], which is no text"),
        ([Move("pass", raw="\ud800")], "caller answered with '\\ud800', which is no text"),
        ([Move(5)], "caller answered with 5, which is no text"),
        (None, "object of type 'NoneType' has no len()"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_a_crash(moves, reason):
    class Broken(Caller):
        def act(self, batch):
            return moves

    (record,) = play(Broken())
    assert record.stop is StopReason.ABANDONED
    assert reason in record.reason


def test_a_batch_answered_in_the_wrong_number_is_asked_again_one_by_one():
    class Forgetful(Caller):
        def act(self, batch):
            return super().act(batch)[:1]

    player = Forgetful(lambda request: Move("bet"))
    records = play(player, n=5)
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert [len(batch) for batch in player.batches] == [5, 1, 1, 1, 1, 1]


# Long matches.


class Stroll(Game[int]):
    """Roll a die and walk on, for ever."""

    name = "stroll"
    actions = ("walk",)

    def start(self):
        return 0

    def turn(self, s):
        return (CHANCE, 0, 1)[s % 3]

    def chance(self, s):
        return [("roll", 1.0)]

    def step(self, s, action):
        return s + 1

    def returns(self, s):
        raise AssertionError("a stroll is never over")

    def view(self, s, seat):
        return str(s)


def test_a_match_that_does_not_end_is_stopped_after_its_moves_and_drawn():
    (record,) = play(Script(), Stroll(), **patient(max_turns=10))
    assert (record.stop, record.returns, record.reason) == (StopReason.TRUNCATED, (0, 0), "stopped after 10 moves")
    assert sum(turn.seat != CHANCE for turn in record.turns) == 10
    assert record.stop.rated


def test_refused_replies_are_no_moves():
    player = Caller(lambda request: Move("walk" if request.complaint else "fly"))
    (record,) = play(player, Stroll(), **patient(max_turns=4))
    assert [turn.action for turn in record.turns if turn.seat >= 0 and not turn.fault] == ["walk"] * 4


# Games that fail.


@pytest.mark.parametrize("rule", ["turn", "chance", "legal", "step", "returns", "view", "ready"])
def test_a_bug_in_the_game_names_the_moves_and_blames_no_player(rule):
    class Buggy(KuhnPoker):
        name = "buggy"

    def fail(self, s, *rest):
        due = {"chance": 1, "turn": 3, "step": 2, "returns": 4}.get(rule, 3)
        if len(s.cards) + len(s.bets) < due:
            return getattr(KuhnPoker, rule)(self, s, *rest)
        raise KeyError("spades")

    setattr(Buggy, rule, fail)
    looks = Caller(lambda request: Move("bet" if request.text else ""))
    with pytest.raises(GameError, match=r"^buggy fails after the moves \['[JQK]'.*: KeyError: 'spades'$"):
        play(looks, Buggy(), other=looks)


def test_the_move_that_broke_the_game_is_named_last():
    class Buggy(KuhnPoker):
        name = "buggy"

        def step(self, s, action):
            return 1 / 0 if action == "bet" else super().step(s, action)

    with pytest.raises(GameError, match=r"after the moves \['.', '.', 'bet'\]: ZeroDivisionError"):
        play(Script("bet"), Buggy())


def test_a_card_that_the_rules_refuse_is_a_bug_in_the_game():
    class Buggy(KuhnPoker):
        name = "buggy"
        deck = ("J", "Q", "K")

        def chance(self, s):
            return [("ace", 1.0)]

    with pytest.raises(GameError, match=r"buggy fails after the moves \['ace'\]: IllegalAction: 'ace' cannot be dealt"):
        play(Script(), Buggy())


# Chance.


class Lottery(Whisper):
    """Chance says something."""

    name = "lottery"

    def turn(self, s):
        return OVER if s else CHANCE

    def chance(self, s):
        return self.outcomes


def tickets(outcomes, n):
    """Return what chance said in n matches."""
    game = type("Drawn", (Lottery,), {"outcomes": outcomes})()
    return [record.turns[0].action for record in play(Script(), game, n)]


def test_an_outcome_of_probability_zero_is_never_drawn():
    outcomes = [("never", 0.0), *[(f"{i}", 0.1) for i in range(9)], ("10", 0.1 - 1e-9), ("nor this", 0.0)]
    assert set(tickets(outcomes, 2000)) == {name for name, p in outcomes if p}


def test_a_lottery_may_have_more_tickets_than_memory():
    numbers = list(map(int, tickets(Uniform(10**15), 200)))
    assert min(numbers) < 10**14
    assert max(numbers) > 9 * 10**14


# Records and listeners.


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four", "rock_paper_scissors"])
def test_every_record_replays(name):
    game = load_game(name)
    clumsy = Caller(lambda request: Move("oops" if request.seed % 3 == 0 else request.legal[-1]))
    for record in play(clumsy, game, 100):
        *_, (last, turn) = record.replay(game)
        assert turn is None
        assert (game.turn(last) == OVER) == (record.stop is StopReason.FINISHED)


def test_a_listener_is_told_every_move_with_its_question():
    heard = []
    (record,) = play(Script("pass"), other=Script("bet"), watch=lambda *told: heard.append(told))
    assert [(f.key, r.seat, m.action) for f, r, m in heard] == [
        ("match 0", 0, "pass"),
        ("match 0", 1, "bet"),
        ("match 0", 0, "pass"),
    ]
    assert [m.action for _, _, m in heard] == [turn.action for turn in record.turns if turn.seat >= 0]


def test_a_listener_hears_nothing_of_what_came_before_a_void():
    heard, crashed = [], []

    def answer(request):
        if request.past and not crashed:
            crashed.append(request)
            explode(request)
        return Move("pass")

    (record,) = play(Caller(answer), other=Script("bet"), watch=lambda *told: heard.append(told))
    assert len(record.crashes) == 1
    assert [m.action for _, _, m in heard] == ["pass", "bet", "pass"]


# Forfeits.


@pytest.mark.parametrize(
    ("roles", "sides", "payoff_range", "culprit", "expected"),
    [
        ("ab", (), (-2.0, 2.0), 1, (2.0, -2.0)),
        ("abc", (), (-2.0, 2.0), 0, (-2.0, 1.0, 1.0)),  # the others share what was lost
        ("aabb", (0, 0, 1, 1), (-1.0, 1.0), 1, (-1.0, -1.0, 1.0, 1.0)),  # a side loses together
        ("abj", (0, 1, -1), (-1.0, 1.0), 0, (-1.0, 1.0, None)),  # the cast plays for nothing
        ("ab", (), (-9.0, 1.0), 0, (-9.0, 1.0)),  # never more than the game can pay
        ("ab", (), (1.0, 3.0), 0, (1.0, 1.0)),  # and never less
        ("a", (), (-1.0, 1.0), 0, (-1.0,)),
    ],
)
def test_who_forfeits_gets_the_worst(roles, sides, payoff_range, culprit, expected):
    game = type("Paid", (Whisper,), {"roles": tuple(roles), "sides": sides, "payoff_range": payoff_range})()
    assert game.forfeit(culprit) == expected


def test_a_game_may_say_what_a_forfeit_pays():
    class Lenient(RockPaperScissors):
        def forfeit(self, culprit):
            return (None, -0.5) if culprit else (-0.5, None)

    players = {"silent": Silent(), "uniform": UniformPlayer()}
    [record] = play_fixtures(Lenient(), [Fixture("k", "play", ("uniform", "silent"), 1, "")], players)
    assert record.stop is StopReason.FORFEIT
    assert record.returns == (None, -0.5)


class Silent:
    """Never says anything."""

    name = "silent"

    def act(self, batch):
        return [Move(None, fault=Fault.EMPTY) for _ in batch]


@pytest.mark.parametrize(
    ("method", "answer", "sentence"),
    [
        ("ready", (), r"the turn of seat 0, but the ready seats are \(\)"),
        ("ready", (0, 0), r"the ready seats are \(0, 0\)"),
        ("ready", (0, 7), r"the ready seats are \(0, 7\)"),
        ("legal", (), "seat 0 is to move but has no legal action"),
        ("returns", (1.0, -1.0, 0.0), r"the game has 2 seats, but its returns are \(1.0, -1.0, 0.0\)"),
        ("returns", (2.0, -1.0), r"its returns \(2.0, -1.0\) add up to 1: mend them, or say zero_sum = False"),
        ("returns", (3.0, -3.0), r"its returns \(3.0, -3.0\) leave its payoff_range -2 to 2: widen the range"),
        ("returns", (float("nan"), 0.0), r"give a finite number or None for every seat"),
        ("chance", [("J", 0.5), ("Q", 0.4)], "the probabilities of chance add up to 0.9, not to 1"),
    ],
)
def test_a_game_that_breaks_its_contract_is_named_and_no_player_is_blamed(method, answer, sentence):
    game = type("Broken", (KuhnPoker,), {method: lambda self, *_: answer})()
    with pytest.raises(GameError, match=sentence):
        arena.play(game, ["uniform", "uniform"])


def test_a_bug_in_encode_is_the_games_and_not_the_nets():
    def encode(self, s, seat):
        if s.bets:
            raise ZeroDivisionError("no chips")
        return super(KuhnPoker, self).encode(s, seat)

    game = type("Broken", (KuhnPoker,), {"encode": encode})()
    with pytest.raises(GameError, match="no chips"):
        arena.play(game, ["net(hidden=[2])", "net(hidden=[2])"])
