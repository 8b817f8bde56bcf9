"""Scenes as JSON values, each told as what has changed since the one before: a board of 42 cells changes in one."""

from __future__ import annotations

from typing import Any

from arena.scene import Board, Cards, Scene

TEXT_AT_MOST = 4_000
"""Characters of one text that a page holds; a player's reply may be as long as it likes."""


def encode(scene: Scene, before: Scene = ()) -> list[Any]:
    """Return one value per block: 0 where it is as in `before`, {"set", "marked"} where some cells of a board changed.

    Otherwise the whole block: {"cells", "columns", "rows", "style", "marked"}, {"label", "cards", "note"} or text.
    """
    blocks: list[Any] = []
    for place, block in enumerate(scene):
        old = before[place] if place < len(before) else None
        if block == old:
            blocks.append(0)
        elif isinstance(block, Board) and isinstance(old, Board) and _alike(block, old):
            blocks.append(_change(block, old))
        else:
            blocks.append(_whole(block))
    return blocks


def clip(text: str, most: int = TEXT_AT_MOST) -> str:
    """Return at most `most` characters of a text, and how many were left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def _alike(one: Board, other: Board) -> bool:
    """Whether two boards differ in nothing but what stands on their cells."""
    shapes = [[len(row) for row in board.cells] for board in (one, other)]
    return shapes[0] == shapes[1] and one[1:4] == other[1:4]


def _change(board: Board, old: Board) -> dict[str, Any]:
    changed = [
        [r, c, clip(str(cell), 40)]
        for r, (row, before) in enumerate(zip(board.cells, old.cells, strict=True))
        for c, (cell, was) in enumerate(zip(row, before, strict=True))
        if cell != was
    ]
    return {"set": changed, "marked": [list(cell) for cell in board.marked]}


def _whole(block: Any) -> Any:
    if isinstance(block, Board):
        value = {
            "cells": [[clip(str(cell), 40) for cell in row] for row in block.cells],
            "columns": [str(label) for label in block.columns],
            "rows": [str(label) for label in block.rows],
            "style": block.style,
            "marked": [list(cell) for cell in block.marked],
        }
        return {key: what for key, what in value.items() if what or key == "cells"}
    if isinstance(block, Cards):
        cards = [clip(str(card), 40) for card in block.cards]
        return {"label": clip(str(block.label), 200), "cards": cards, "note": clip(str(block.note), 400)}
    return clip(str(block))
