"""What every test shares: the option --slow, property tests that draw the same examples each time, an own cache."""

import os
import signal
import tempfile

import pytest
from hypothesis import settings

from tests.command_line import make_runs

# No deadline, since a shared machine is slow at times; no database, so that a run depends on the code alone.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests that are marked slow")


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests a cache of their own, which is empty, and no hub of models, in processes that they start too."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    # What a shell starts in the background ignores Ctrl-C, and so would the processes that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" in os.environ:  # the cores are taken by the workers
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    cache = tempfile.TemporaryDirectory(prefix="arena-cache-")
    os.environ["ARENA_CACHE"] = cache.name
    config.add_cleanup(cache.cleanup)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run it with --slow"))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory):
    """A folder with a finished tournament and a finished league; tests leave them as they are."""
    return make_runs(tmp_path_factory.mktemp("runs"))
