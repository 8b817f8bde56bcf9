from hypothesis import given
from hypothesis import strategies as st

from arena.scene import Board, Cards
from arena.tournaments.page_scene import clip, encode

ROWS = st.lists(st.sampled_from(["", "x", "o"]), min_size=6, max_size=6).map(lambda c: (tuple(c[:3]), tuple(c[3:])))
BLOCKS = st.one_of(
    st.builds(Board, ROWS),
    st.builds(Board, ROWS, st.just(("a", "b", "c")), st.just(()), st.just("hexagonal"), st.just(((0, 1),))),
    st.builds(Cards, st.just("first"), st.sampled_from([("K",), ("Ks", "?")]), st.sampled_from(["", "2 chips"])),
    st.sampled_from(["to move: x", "over"]),
)


def decode(blocks, before):
    """Do what scene.js does."""
    scene = []
    for place, block in enumerate(blocks):
        if block == 0:
            scene.append(before[place])
        elif isinstance(block, dict) and "set" in block:
            board = {**before[place], "cells": [list(row) for row in before[place]["cells"]]}
            for r, c, text in block["set"]:
                board["cells"][r][c] = text
            board.pop("marked", None)
            scene.append({**board, **({"marked": block["marked"]} if block["marked"] else {})})
        else:
            scene.append(block)
    return scene


@given(st.lists(st.lists(BLOCKS, max_size=3).map(tuple), min_size=1, max_size=6))
def test_what_is_told_as_changes_is_what_would_be_told_whole(scenes):
    shown, before = [], ()
    for scene in scenes:
        shown = decode(encode(scene, before), shown)
        before = scene
        assert shown == encode(scene)


def test_a_move_costs_one_cell():
    empty = Board((("",) * 7,) * 6, tuple("1234567"))
    after = Board((*empty.cells[:5], ("", "", "", "●", "", "", "")), empty.columns, marked=((5, 3),))
    assert encode((after, "to move: ○"), (empty, "to move: ●")) == [
        {"set": [[5, 3, "●"]], "marked": [[5, 3]]},
        "to move: ○",
    ]
    assert encode((after,), (after,)) == [0]


def test_a_board_of_another_shape_is_told_whole():
    assert encode((Board((("x",),)),), (Board((("x", ""),)),)) == [{"cells": [["x"]], "style": "grid"}]


def test_long_texts_are_cut_and_say_how_much_is_missing():
    assert clip("abc", 3) == "abc"
    assert clip("a" * 5_003, 5_000) == "a" * 5_000 + "… (3 more characters)"
