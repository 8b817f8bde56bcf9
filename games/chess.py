"""Chess by the rules of OpenSpiel (Apache-2.0), with moves in the notation of the Universal Chess Interface."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER, Game, IllegalAction
from arena.games.open_spiel import load_pyspiel
from arena.games.replays import Replays
from arena.scene import Board, Scene

Moves = tuple[str, ...]
"""A state: the moves so far."""

FILES, RANKS = "abcdefgh", "12345678"
FIGURES = dict(zip("KQRBNPkqrbnp", "♔♕♖♗♘♙♚♛♜♝♞♟", strict=True))

_KEPT = 4096
"""Positions whose OpenSpiel state is kept, at most some 20 kB each late in a long game."""

_REACH = {(x, y) for x, y in product(range(-7, 8), repeat=2) if not x or not y or abs(x) == abs(y) or abs(x * y) == 2}
"""Steps of a queen or a knight, in files and ranks."""


def _vocabulary() -> tuple[str, ...]:
    """Return every move that any position allows, sorted: 1,792 of a queen or a knight, and 176 promotions."""
    moves = []
    for x, y, (dx, dy) in product(range(8), range(8), sorted(_REACH - {(0, 0)})):
        if not (0 <= x + dx < 8 and 0 <= y + dy < 8):
            continue
        move = f"{FILES[x]}{RANKS[y]}{FILES[x + dx]}{RANKS[y + dy]}"
        moves.append(move)
        if abs(dx) <= 1 and (y, dy) in ((6, 1), (1, -1)):
            moves += [move + piece for piece in "qrbn"]
    return tuple(sorted(moves))


class _Position:
    """OpenSpiel's state, and its legal moves once they were asked for."""

    __slots__ = ("moves", "state")

    def __init__(self, state: Any) -> None:
        self.state = state
        self.moves: dict[str, int] | None = None


class Chess(Game[Moves]):
    """Chess is played by white (who begins) and black on a board of files a to h and ranks 1 to 8.

    A move is written as the square it leaves and the square it reaches: e2e4. Castling is the king's move
    (e1g1), and a pawn that reaches the last rank adds the piece it becomes: e7e8q, or r, b, n. All the usual
    rules of movement hold, with castling, en passant and promotion. Whoever checkmates wins (1 against −1).

    It is a draw (0) as soon as the side to move has no legal move and is not in check (stalemate), the same
    position stands for the third time, 50 moves of each side have passed without a capture or a pawn's move,
    or neither side has the pieces to mate (king against king, or against king and one knight or bishop; or
    bishops of one colour of square only). Nobody needs to claim a draw, and none can be agreed.
    """

    name = "chess"
    roles = ("white", "black")
    actions = _vocabulary()

    def __init__(self) -> None:
        pyspiel = load_pyspiel()
        self._chess = pyspiel.chess
        self._game = pyspiel.load_game("chess")
        self._boards = Replays(lambda: _Position(self._game.new_initial_state()), self._after, _KEPT)
        self._names: dict[tuple[int, int], str] = {}

    def start(self) -> Moves:
        return ()

    def turn(self, s: Moves) -> int:
        return OVER if self._boards(s).state.is_terminal() else len(s) % 2

    def legal(self, s: Moves, seat: int) -> list[str]:
        return list(self._moves(self._boards(s))) if seat == len(s) % 2 else []

    def step(self, s: Moves, action: str) -> Moves:
        position = self._boards(s)
        if position.state.is_terminal():
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in self._moves(position):
            raise IllegalAction(
                f"{action!r} is no legal move here: write the square it leaves and the square it reaches, as in "
                "e2e4, and for a promotion the piece too, as in e7e8q"
            )
        return (*s, action)

    def returns(self, s: Moves) -> tuple[float, float]:
        black, white = self._boards(s).state.returns()
        return white, black

    def view(self, s: Moves, seat: int) -> str:
        mover = self.turn(s)
        due = "the game is over" if mover == OVER else f"{self.roles[mover]} is to move"
        pairs = [f"{i // 2 + 1}. {' '.join(s[i : i + 2])}" for i in range(0, len(s), 2)]
        return (
            f"you are {self.roles[seat]}; {due}\nFEN: {self.fen(s)}\n{self.draw(s)}\n"
            f"moves so far: {' '.join(pairs) or 'none'}"
        )

    def encode(self, s: Moves, seat: int) -> NDArray[np.float32]:
        """Return shape (20, 8, 8), plane × rank from 1 × file from a, the planes of OpenSpiel's chess.

        0–11 white king, black king, then queens, rooks, bishops, knights and pawns; 12 empty squares; 13 how
        often the position has stood (0, ½ or 1 for once, twice, thrice); 14 ones if white is to move; 15 half
        moves without capture or pawn's move, divided by 101; 16–19 whether white may castle on the queen's
        side and the king's side, then black. Both seats see the same board.
        """
        tensor = np.array(self._boards(s).state.observation_tensor(0), np.float32)
        return tensor.reshape(20, 8, 8)

    def draw(self, s: Moves, seat: int | None = None) -> str:
        ranks = self._ranks(s)
        rows = [f"{8 - i} {' '.join(piece or '.' for piece in row)}" for i, row in enumerate(ranks)]
        return "\n".join([*rows, f"  {' '.join(FILES)}"])

    def scene(self, s: Moves, seat: int | None = None) -> Scene:
        cells = tuple(tuple(FIGURES.get(piece, "") for piece in row) for row in self._ranks(s))
        squares = (s[-1][:2], s[-1][2:4]) if s else ()
        marked = tuple((8 - int(square[1]), FILES.index(square[0])) for square in squares)
        return (Board(cells, tuple(FILES), tuple(RANKS[::-1]), "checkered", marked),)

    def san(self, s: Moves, action: str) -> str:
        """Return a legal move in the standard algebraic notation that chess files use: Nf3, exd8=Q+, O-O.

        Raises IllegalAction for a move that is not legal in this state.
        """
        self.step(s, action)
        position = self._boards(s)
        written: str = position.state.action_to_string(self._moves(position)[action])
        return written

    def fen(self, s: Moves) -> str:
        """Return the position in Forsyth–Edwards notation."""
        fen: str = self._boards(s).state.board().to_fen()
        return fen

    def _ranks(self, s: Moves) -> list[list[str]]:
        """Return the pieces row by row from rank 8, as FEN writes them; an empty square is ""."""
        placed = self.fen(s).split(" ")[0]
        return [
            [piece for sign in row for piece in ([""] * int(sign) if sign.isdigit() else [sign])]
            for row in placed.split("/")
        ]

    def _after(self, position: _Position, action: str) -> _Position:
        return _Position(position.state.child(self._moves(position)[action]))

    def _moves(self, position: _Position) -> dict[str, int]:
        """Return the legal moves with OpenSpiel's numbers for them."""
        if position.moves is None:
            state = position.state
            mover = 0 if state.is_terminal() else state.current_player()
            position.moves = {self._uci(state, mover, number): number for number in state.legal_actions()}
        return position.moves

    def _uci(self, state: Any, mover: int, number: int) -> str:
        known = self._names.get((mover, number))
        if known is not None:
            return known
        uci: str = self._chess.action_to_move(number, state.board()).to_lan()
        # To the last rank, one number means a queen's move or a pawn's promotion.
        if len(uci) == 4 and uci[3] not in "18":
            self._names[mover, number] = uci
        return uci
