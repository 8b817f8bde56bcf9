"""Numbers of a step in slots, digit by digit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arena.games.step_tensor import BEFORE, LENGTH, OF_STEP, step_tensor

SIZE = LENGTH // (OF_STEP + BEFORE)


def read(tensor: np.ndarray) -> list[int | None]:
    """Return the numbers of all slots, of which the last four digits are told."""
    found: list[int | None] = []
    for slot in tensor.reshape(OF_STEP + BEFORE, SIZE):
        digits = slot[2:].reshape(4, 11)
        shown = [int(row.argmax()) for row in digits if row.any() and row.argmax() < 10]
        value = sum(digit * 10**place for place, digit in enumerate(shown))
        found.append((-value if slot[1] else value) if slot[0] else None)
    return found


def test_numbers_are_counted_from_the_end() -> None:
    numbers = read(step_tensor("b = 3 * -7 = 21", "Let a = 12345"))
    assert numbers == [21, -7, 3, None, None, None, 2345, None, None, None]


def test_equal_digits_meet() -> None:
    tensor = step_tensor("The answer is 261.", "d = 250 + 11 = 261").reshape(-1, SIZE)
    assert (tensor[0] == tensor[OF_STEP]).all()
    assert (step_tensor("The answer is 216.", "d = 261").reshape(-1, SIZE)[0] != tensor[OF_STEP]).any()


@given(st.lists(st.integers(-9999, 9999), max_size=12), st.lists(st.integers(-9999, 9999), max_size=9))
def test_what_is_told_can_be_read_again(step: list[int], before: list[int]) -> None:
    numbers = read(step_tensor(" ; ".join(map(str, step)), " ; ".join(map(str, before))))
    for shown, meant, most in ((numbers[:OF_STEP], step, OF_STEP), (numbers[OF_STEP:], before, BEFORE)):
        last = meant[::-1][:most]
        assert shown[: len(last)] == last
        assert shown[len(last) :] == [None] * (most - len(last))


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_has_a_tensor(step: str, before: str) -> None:
    assert step_tensor(step, before).shape == (LENGTH,)
