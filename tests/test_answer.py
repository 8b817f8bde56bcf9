"""From a reply to a move: the last structured answer, or a fault that says what was wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.game import Choices, Text
from arena.player import Fault
from arena.players.answer import NOTATIONS, read, without_thinking, written
from arena.registry import load_game
from arena.seeds import generator

KUHN = ("pass", "bet")

UNPARSABLE, EMPTY, TRUNCATED = Fault.UNPARSABLE, Fault.EMPTY, Fault.TRUNCATED


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("<answer>bet</answer>", "bet"),
        ("I could pass. <answer>bet</answer>", "bet"),
        ("<answer>\n  bet\t</answer>\n", "bet"),
        ("<Answer>bet</ANSWER>", "bet"),
        ("<answer>BET</answer>", "bet"),
        # The last one is final, whatever follows it and whether or not it is legal.
        ("<answer>pass</answer> No: <answer>bet</answer> It will work.", "bet"),
        ("<answer>bet</answer> or rather <answer>raise</answer>", "raise"),
        ("<answer>pass<answer>bet</answer></answer>", "bet"),
        ("<answer>bet</answer></answer>", "bet"),
        # It is one move, not a sentence that holds one.
        ("<answer>I bet</answer>", "I bet"),
        ("<answer>bet, pass</answer>", "bet, pass"),
        ("<answer>b e t</answer>", "b e t"),
        # Nothing is guessed from prose.
        ("bet", UNPARSABLE),
        ("My move is: bet", UNPARSABLE),
        ("**bet**", UNPARSABLE),
        ("[bet]", UNPARSABLE),
        ("\\boxed{bet}", UNPARSABLE),
        ("bet</answer>", UNPARSABLE),
        ("<answer>bet", UNPARSABLE),
        ("<answer>bet</answer> wait, <answer>pass", UNPARSABLE),
        ("<answer>\ud800</answer>", UNPARSABLE),
        ("", EMPTY),
        (" \n", EMPTY),
        ("<answer> </answer>", EMPTY),
        ("<answer>bet</answer><answer></answer>", EMPTY),
        # What is thought is not said.
        ("<think>I will <answer>pass</answer></think><answer>bet</answer>", "bet"),
        ("<think>I will <answer>pass</answer></think>", EMPTY),
        ("<think>I will <answer>pass</answer>", EMPTY),
        ("I will <answer>pass</answer></think><answer>bet</answer>", "bet"),
        ("<answer>bet</answer><think>Was that right? <answer>pass</answer>", "bet"),
        ("<think>a<think>b</think><answer>bet</answer>", "bet"),
        ("<ans<think></think>wer>bet</answer>", "bet"),
    ],
)
def test_a_reply_in_tags(reply: str, move: str | Fault) -> None:
    found = read(reply, "end", KUHN, "tag")
    assert found == move
    assert isinstance(found, Fault) == isinstance(move, Fault)


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("<answer>bet</answer> because", "bet"),
        ("<answer>bet</answer> or <answer>pa", TRUNCATED),
        ("<answer>bet", TRUNCATED),
        ("Let me see: bet or", TRUNCATED),
        ("<think>Let me see: <answer>bet</answer> or", TRUNCATED),
        ("", TRUNCATED),
        ("<answer></answer> and so on", EMPTY),
    ],
)
def test_a_reply_that_ran_into_its_limit(reply: str, move: str | Fault) -> None:
    assert read(reply, "length", KUHN, "tag") == move


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        (r"So \boxed{pass}, no, \boxed{bet}.", "bet"),
        (r"\boxed{\text{bet}}", "bet"),
        (r"\boxed{ \mathrm{Bet} }", "bet"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{}", EMPTY),
        (r"\boxed{\text{}}", EMPTY),
        (r"\boxed{bet", UNPARSABLE),
        (r"\boxed{\text{bet}", UNPARSABLE),
        (r"boxed{bet}", UNPARSABLE),
        ("<answer>bet</answer>", UNPARSABLE),
    ],
)
def test_a_reply_in_a_box(reply: str, move: str | Fault) -> None:
    assert read(reply, "end", KUHN, "boxed") == move


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("I [pass], no, I [bet]!", "bet"),
        ("[bet", UNPARSABLE),
        ("bet]", UNPARSABLE),
        ("[[bet]]", "bet"),
        ("[ ]", EMPTY),
        ("[bet] [1", UNPARSABLE),
    ],
)
def test_a_reply_in_brackets(reply: str, move: str | Fault) -> None:
    assert read(reply, "end", KUHN, "brackets") == move


def test_case_decides_where_it_has_to() -> None:
    """In chess, bxc3 is a pawn's move and Bxc3 a bishop's."""
    both = ("bxc3", "Bxc3")
    assert [read(f"[{move}]", "end", both, "brackets") for move in ("bxc3", "Bxc3", "BXC3")] == ["bxc3", "Bxc3", "BXC3"]
    assert read("[bXC3]", "end", ("Bxc3", "O-O"), "brackets") == "Bxc3"


def test_free_text_is_taken_whole() -> None:
    letter = "Dear seller,\n\nI give 2 < 3.\nYours"
    assert read(f"<think>Polite!</think>\n<answer>\n{letter}\n</answer>", "end", Text(100), "tag") == letter
    assert read(f"<answer>{'x' * 200}</answer>", "end", Text(100), "tag") == "x" * 200  # the referee refuses it


def test_of_talk_the_last_line_is_the_move() -> None:
    legal = Text(100, ("pass", "offer 1"))
    for said, move in [
        ("Two for one?\nI mean it.\n Offer 1 \n", "Two for one?\nI mean it.\noffer 1"),
        (" PASS", "pass"),
        ("Pass\nHa!", "Pass\nHa!"),
        ("I pass", "I pass"),
        ("\n", EMPTY),
    ]:
        assert read(f"<answer>{said}</answer>", "end", legal, "tag") == move


def test_a_huge_set_of_moves_is_never_listed() -> None:
    assert read("[task7]", "end", Choices(10**12, "task"), "brackets") == "task7"
    assert read("[TASK7]", "end", Choices(10**12, "task"), "brackets") == "TASK7"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_what_is_written_is_read(notation) -> None:
    for move in ("bet", "1x1", "e2e4", "offer 2 wood, 1 gold"):
        assert read(written(move, notation), "end", [move], notation) == move


def test_thinking_that_opens_a_thousand_times_is_read_at_once() -> None:
    assert without_thinking("<think>" * 20_000 + "</think>said" + "<think>" * 20_000) == "said"


# Fuzzing: replies put together from what may confuse a reader, for every game with a closed vocabulary.

GAMES = ["kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four", "liars_dice"]
MARKS = [
    *("<answer>", "</answer>", "<ANSWER>", "</answer", "<answer", "\\boxed{", "}", "{", "[", "]", "\\text{"),
    *("<think>", "</think>", "<|im_end|>", "\n", " ", "\u200b", "\x00", "\ud800", "İ", "ß", "K"),
]


def positions(name: str) -> list[tuple[str, ...]]:
    """Return legal sets of one random game."""
    game, rng = load_game(name), generator(0, "positions", name)
    s, found = game.start(), []
    while (mover := game.turn(s)) != -4:
        choices = [outcome for outcome, _ in game.chance(s)] if mover < 0 else list(game.legal(s, mover))
        if mover >= 0:
            found.append(tuple(choices))
        s = game.step(s, choices[rng.integers(len(choices))])
    return found


def states(reply: str, move: str, notation) -> bool:
    """Whether the reply holds the move between marks, found in another way than `read` does."""
    before, _, after = written("\0", notation).partition("\0")
    latex = r"(?:\\(?:text\w*|math\w*)\{\s*)?", r"\s*\}?"
    wrap = latex if notation == "boxed" else ("", "")
    pattern = re.escape(before) + r"\s*" + wrap[0] + re.escape(move) + wrap[1] + r"\s*" + re.escape(after)
    return re.search(pattern, without_thinking(reply), re.IGNORECASE) is not None


def fuzz(name: str, examples: int) -> None:
    legal_sets = positions(name)
    words = sorted({move for legal in legal_sets for move in legal})
    pieces = st.one_of(
        st.sampled_from(MARKS),
        st.sampled_from([*words, *(word.upper() for word in words)]),
        st.builds(written, st.sampled_from(words), st.sampled_from(NOTATIONS)),
        st.text(st.characters(), max_size=8),
    )
    replies = st.lists(pieces, max_size=12).map("".join)

    @settings(max_examples=examples)
    @given(replies, st.sampled_from(["end", "length"]), st.sampled_from(legal_sets), st.sampled_from(NOTATIONS))
    def each(reply: str, stop: str, legal: tuple[str, ...], notation) -> None:
        found = read(reply, stop, legal, notation)
        if isinstance(found, Fault):
            assert found in (UNPARSABLE, EMPTY, TRUNCATED)
            assert found is not TRUNCATED or stop == "length"
            assert found is not UNPARSABLE or stop == "end" or "\ud800" in reply
        else:
            assert found
            assert states(reply, found, notation)

    each()


@pytest.mark.parametrize("name", GAMES)
def test_no_fuzzed_reply_is_read_as_a_move_that_it_does_not_state(name: str) -> None:
    fuzz(name, 300)


@pytest.mark.slow
@pytest.mark.parametrize("name", GAMES)
def test_no_fuzzed_reply_of_ten_thousand_is_read_as_a_move_that_it_does_not_state(name: str) -> None:
    fuzz(name, 10_000)
