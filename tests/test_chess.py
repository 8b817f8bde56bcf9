"""Chess: positions counted move by move, known mates and draws, and notation."""

import sys

import numpy as np
import pytest

from arena.errors import ConfigError
from arena.game import OVER, IllegalAction
from arena.registry import load_game

pytest.importorskip("pyspiel", reason="open_spiel is not installed")


@pytest.fixture(scope="module")
def chess():
    return load_game("chess")


def after(game, moves):
    s = game.start()
    for move in moves.split():
        s = game.step(s, move)
    return s


def perft(game, s, depth):
    """Return how many games of `depth` moves follow."""
    if game.turn(s) == OVER:
        return 0
    legal = game.legal(s, game.turn(s))
    return len(legal) if depth == 1 else sum(perft(game, game.step(s, move), depth - 1) for move in legal)


def test_games_of_one_to_four_moves_are_as_many_as_the_literature_counts(chess):
    assert [perft(chess, chess.start(), depth) for depth in (1, 2, 3, 4)] == [20, 400, 8902, 197281]


def test_the_vocabulary_holds_every_move_of_a_queen_or_knight_and_every_promotion(chess):
    assert len(chess.actions) == 1968 == len(set(chess.actions))
    assert sum(len(move) == 5 for move in chess.actions) == 176
    assert chess.actions == tuple(sorted(chess.actions))


MATES = {
    "the fool's mate": ("f2f3 e7e5 g2g4 d8h4", (-1, 1), "f3 e5 g4 Qh4#"),
    "the scholar's mate": ("e2e4 e7e5 f1c4 b8c6 d1h5 g8f6 h5f7", (1, -1), "e4 e5 Bc4 Nc6 Qh5 Nf6 Qxf7#"),
    "Légal's mate": (
        "e2e4 e7e5 g1f3 d7d6 f1c4 c8g4 b1c3 g7g6 f3e5 g4d1 c4f7 e8e7 c3d5",
        (1, -1),
        "e4 e5 Nf3 d6 Bc4 Bg4 Nc3 g6 Nxe5 Bxd1 Bxf7+ Ke7 Nd5#",
    ),
}


@pytest.mark.parametrize(("moves", "returns", "sans"), MATES.values(), ids=MATES)
def test_mates_end_the_game_and_are_written_as_in_books(chess, moves, returns, sans):
    s, written = chess.start(), []
    for move in moves.split():
        assert chess.turn(s) == len(s) % 2
        written.append(chess.san(s, move))
        s = chess.step(s, move)
    assert chess.turn(s) == OVER
    assert chess.returns(s) == returns
    assert " ".join(written) == sans


def test_castling_promotion_and_capture_in_passing(chess):
    s = after(chess, "e2e4 e7e5 g1f3 g8f6 f1c4 f8c5")
    assert chess.san(s, "e1g1") == "O-O"
    s = after(chess, "e2e4 a7a6 e4e5 d7d5")
    assert chess.san(s, "e5d6") == "exd6"
    assert "e5f6" not in chess.legal(s, 0)
    s = after(chess, "h2h4 g7g5 h4g5 h7h6 g5h6 a7a6 h6h7 a6a5")
    promotions = [move for move in chess.legal(s, 0) if len(move) == 5]
    assert sorted(promotions) == ["h7g8b", "h7g8n", "h7g8q", "h7g8r"]
    assert chess.san(s, "h7g8n") == "hxg8=N"
    assert chess.fen(chess.step(s, "h7g8n")).startswith("rnbqkbNr/")


def test_a_rook_s_move_to_the_last_rank_is_no_promotion(chess):
    s = after(chess, "a2a4 b7b5 a4b5 a7a6 b5a6 c8a6 a1a6 b8c6 a6a7 h7h6")
    assert {"a7a8", "a7b7"} <= set(chess.legal(s, 0))
    assert not [move for move in chess.legal(s, 0) if len(move) == 5]


def test_the_third_repetition_is_a_draw(chess):
    s = after(chess, "g1f3 g8f6 f3g1 f6g8 g1f3 g8f6 f3g1")
    assert chess.turn(s) == 1
    s = chess.step(s, "f6g8")
    assert chess.turn(s) == OVER
    assert chess.returns(s) == (0, 0)


def test_stalemate_is_a_draw(chess):
    # The shortest known: Sam Loyd's ten moves.
    s = after(
        chess,
        "e2e3 a7a5 d1h5 a8a6 h5a5 h7h5 h2h4 a6h6 a5c7 f7f6 c7d7 e8f7 d7b7 d8d3 b7b8 d3h7 b8c8 f7g6 c8e6",
    )
    assert chess.turn(s) == OVER
    assert chess.returns(s) == (0, 0)


def test_what_a_player_is_shown(chess):
    s = after(chess, "e2e4 c7c5 g1f3")
    lines = chess.view(s, 1).splitlines()
    assert lines[0] == "you are black; black is to move"
    assert lines[1] == "FEN: rnbqkbnr/pp1ppppp/8/2p5/4P3/5N2/PPPP1PPP/RNBQKB1R b KQkq - 1 2"
    assert lines[2] == "8 r n b q k b n r"
    assert lines[-1] == "moves so far: 1. e2e4 c7c5 2. g1f3"
    (board,) = chess.scene(s)
    assert board.style == "checkered"
    assert board.cells[0][4] == "♚"
    assert board.cells[4][4] == "♙"
    assert board.marked == ((7, 6), (5, 5))


def test_the_planes_are_what_the_docstring_says(chess):
    tensor = chess.encode(chess.start(), 0)
    assert tensor.shape == (20, 8, 8)
    assert tensor[:12].sum(axis=(1, 2)).tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 8]
    assert (tensor[0, 0, 4], tensor[1, 7, 4]) == (1, 1)  # the kings on e1 and e8
    assert (tensor[10, 1] == 1).all()  # white pawns
    assert tensor[12].sum() == 32
    assert tensor[13:, 0, 0].tolist() == [0, 1, 0, 1, 1, 1, 1]
    # White's rook has left h1, so castling remains on the queen's side; black is to move after two half moves.
    # The rooks have left their corners on the king's side, and black is to move in a position that stands again.
    s = after(chess, "h2h4 h7h5 h1h2 h8h7 b1c3 g8f6 c3b1 f6g8 b1c3")
    assert chess.encode(s, 1)[13:, 0, 0] == pytest.approx([0.5, 0, 7 / 101, 1, 0, 1, 0])


@pytest.mark.parametrize("move", ["e2e5", "E2E4", "e4", "e7e5", "e2e4q", "", "0000"])
def test_what_is_no_move_is_refused(chess, move):
    with pytest.raises(IllegalAction, match="as in e2e4"):
        chess.step(chess.start(), move)


def test_a_position_that_is_no_longer_kept_is_the_same(chess):
    fresh = load_game("chess")
    rng, s = np.random.default_rng(3), chess.start()
    for _ in range(60):
        legal = chess.legal(s, len(s) % 2)
        s = chess.step(s, legal[rng.integers(len(legal))])
        if chess.turn(s) == OVER:
            break
    assert fresh.view(s, 0) == chess.view(s, 0)
    assert fresh.legal(s, len(s) % 2) == chess.legal(s, len(s) % 2)


def test_without_openspiel_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(ConfigError, match="pip install"):
        load_game("chess")
