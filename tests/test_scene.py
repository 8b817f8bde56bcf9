"""Scenes: a game without one of its own is drawn as text."""

from __future__ import annotations

import arena
from arena.scene import Board, Cards


def test_the_default_scene_is_the_drawing() -> None:
    game = arena.load_game("rock_paper_scissors")
    s = game.start()
    assert game.scene(s) == (game.draw(s),)
    assert game.scene(s, 1) == (game.draw(s, 1),)


def test_blocks_have_plain_defaults() -> None:
    assert Board((("X", ""),)) == ((("X", ""),), (), (), "grid", ())
    assert Cards("first", ("Ks", "?")).note == ""
