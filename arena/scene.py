"""What a position looks like, as data: boards, cards and lines of text, for whoever draws them (pages, terminals).

A scene is a sequence of blocks from top to bottom. It holds what may be seen, so a scene for a seat shows no
hidden card; drawing it needs no knowledge of the game.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Board(NamedTuple):
    """A board of cells, row by row from the top; an empty cell is ""."""

    cells: tuple[tuple[str, ...], ...]
    """What stands on every cell, one or two characters: "X", "♞", "●"."""
    columns: tuple[str, ...] = ()
    """Labels of the columns, or nothing."""
    rows: tuple[str, ...] = ()
    """Labels of the rows, or nothing."""
    style: str = "grid"
    """"grid", "checkered" (chess) or "hexagonal" (every row is half a cell further right than the one above)."""
    marked: tuple[tuple[int, int], ...] = ()
    """(row, column) of the cells that the last move touched."""


class Cards(NamedTuple):
    """Cards in a row: a hand, or the table."""

    label: str
    """Whose they are, for example "first"."""
    cards: tuple[str, ...]
    """Rank and suit: "Ks", "Th", "Q"; "?" may not be seen; whatever else is shown as a tile with this text."""
    note: str = ""
    """What stands beside them: chips, bets, whose turn."""


Scene: TypeAlias = tuple[Board | Cards | str, ...]
