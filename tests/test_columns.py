import numpy as np
import pytest

from arena.trainers.columns import Column, mean_of


def test_a_column_holds_the_updates_that_told_the_number_and_numbers_alone() -> None:
    history = [(1, {"a": 1.0}), (2, {}), (3, {"a": float("nan")}), (4, {"a": 2.0})]
    column = Column.of(history, "a")
    assert (column.steps, column.values.tolist(), len(column)) == ([1, 4], [1.0, 2.0], 2)
    assert len(Column.of([*history, (5, {"b": 1.0})], "a")) == 0


def test_the_best_block_before_the_last_window() -> None:
    column = Column(list(range(11)), np.array([9.0, 9, 9, 1, 3, 2, 5, 5, 0, 0, 0]))
    assert column.best_before(3) == mean_of(np.array([1.0, 3, 2]))  # blocks 9 9 9 and 1 3 2; 5 5 is no whole one
    assert column.words(3) == "over updates 8 to 10"


def test_since_when_a_median_has_been_bad() -> None:
    values = np.array([1.0, 9, 9, 9, 1, 1, 1, 9, 9, 9, 9])
    column = Column(list(range(100, 111)), values)
    assert column.since(3, lambda median: median > 5) == 106  # 1 9 9, after 1 1 9
    assert column.since(3, lambda median: median > 0) == 100
    assert column.since(3, lambda median: median > 10) == 108  # not even now


def test_the_mean_of_updates_has_students_interval() -> None:
    values = np.array([1.0, 2, 3, 4])
    assert mean_of(values) == pytest.approx(
        (2.5, 2.5 - 3.182 * values.std(ddof=1) / 2, 2.5 + 3.182 * values.std(ddof=1) / 2)
    )
