"""What replies cost, from whatever a server reports."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.players.engines.http.prices import Bill, Usage, usage_of


def test_the_providers_cost_goes_before_the_users_prices() -> None:
    bill = Bill(prompt_price=3.0, completion_price=15.0)
    assert bill.cost(Usage(1_000_000, 100_000)) == pytest.approx(4.5)
    assert bill.cost(Usage(1_000_000, 100_000, dollars=0.2)) == 0.2
    assert bill.cost(None) is None
    assert Bill().cost(Usage(5, 5)) is None


def test_a_cap_is_reached_by_what_is_charged() -> None:
    bill = Bill(most=1.0)
    bill.charge(Usage(dollars=0.75))
    bill.charge(None)
    assert (bill.dollars, bill.used_up) == (0.75, False)
    bill.charge(Usage(dollars=0.5))
    assert (bill.dollars, bill.used_up) == (1.25, True)
    assert Bill(most=0).used_up
    assert "1.25 of 1.00 dollars are spent" in bill.sentence()


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2, "cost": 0.5}, Usage(9, 2, 0.5)),  # OpenRouter
        ({"prompt_tokens": 9, "cost": {"total_cost": 0.5}}, Usage(9, 0, 0.5)),  # Perplexity
        ({"prompt_tokens": 9, "completion_tokens": 2}, Usage(9, 2)),
        ({"prompt_tokens": None, "completion_tokens": "2", "cost": "free"}, Usage()),
        ({"prompt_tokens": -1, "cost": -1}, Usage()),
        ({"prompt_tokens": True, "cost": True}, Usage()),
        ({"cost": float("nan")}, Usage()),
        ({}, None),
        (None, None),
    ],
)
def test_what_servers_report(reported: dict[str, Any] | None, usage: Usage | None) -> None:
    assert usage_of(reported) == usage


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), st.lists, max_leaves=3
)


@given(st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens", "cost"]), JSON))
def test_nonsense_costs_nothing_and_breaks_nothing(reported: dict[str, Any]) -> None:
    bill = Bill(1.0, 1.0)
    bill.charge(usage_of(json.loads(json.dumps(reported))))
    assert bill.dollars >= 0.0


@pytest.mark.parametrize("price", [-1, float("nan"), float("inf"), "3", True])
def test_what_is_no_price_is_refused(price: Any) -> None:
    with pytest.raises(ConfigError, match="give dollars"):
        Bill(price, 1.0)
    with pytest.raises(ConfigError, match="most_dollars"):
        Bill(most=price)
