"""Outages in a run's file."""

from dataclasses import replace

import pytest

from arena.record import Cost, Record, StopReason
from arena.store import Store
from arena.voids import Outages

BASE = Record("m1", "tournament", "kuhn_poker", "f", ("api", "uniform"), 1, "p", (), (1.0, -1.0), StopReason.FINISHED)
VOID = replace(
    BASE,
    returns=(None, None),
    stop=StopReason.VOID,
    culprit=0,
    outages=(0, 0, 0),
    costs=(Cost(0.5, 100, 10), Cost()),
)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as store:
        yield store


def test_a_void_match_is_none_and_is_still_to_be_played(store):
    store.add([VOID])
    assert (store.count(), store.known(["m1"]), store.crashes(), list(store.records())) == (0, set(), {}, [])
    assert store.outages() == {"api": Outages(matches=1, waiting=1)}


def test_once_it_is_played_nothing_waits_and_all_that_was_paid_is_counted(store):
    store.add([VOID])
    store.add([replace(VOID, costs=())])  # another evening without the server
    store.add([replace(BASE, outages=(0,), costs=(Cost(0.25, 50, 5), Cost()))])
    assert list(store.records()) == [replace(BASE, costs=(Cost(0.25, 50, 5), Cost()))]
    assert store.outages() == {"api": Outages(matches=1, waiting=0)}
    assert store.costs() == {"api": Cost(0.75, 150, 15)}


def test_matches_that_were_not_begun_leave_nothing(store):
    store.add([replace(VOID, key=f"m{i}", outages=(), costs=()) for i in range(5)])
    assert store.outages() == {}


def test_two_players_may_be_away_in_one_match(store):
    store.add([replace(VOID, entrants=("api", "other"), outages=(0, 1, 0))])
    assert store.outages() == {"api": Outages(1, 1), "other": Outages(1, 1)}
    assert store.costs() == {"api": Cost(0.5, 100, 10)}


def test_a_merged_run_has_the_outages_and_the_costs_of_both(tmp_path, store):
    store.add([VOID])
    with Store.open(tmp_path / "other") as other:
        other.add([replace(VOID, key="m2")])
        store.take(other)
    assert store.outages() == {"api": Outages(matches=2, waiting=2)}
    assert store.costs() == {"api": Cost(1.0, 200, 20)}


def test_an_outage_that_both_runs_hold_is_paid_once(tmp_path, store):
    store.add([VOID])
    with Store.open(tmp_path / "copy") as copy:
        copy.add([VOID])
        store.take(copy)
    assert store.outages() == {"api": Outages(matches=1, waiting=1)}
    assert store.costs() == {"api": Cost(0.5, 100, 10)}
