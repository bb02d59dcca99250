"""What all tests share: the far ends as fixtures, patience with a busy machine, and who may run beside whom."""

import contextlib
import getpass
import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["tests.farends.fixtures"]

# A slow example says that the machine is busy (two cores, real calls beside it), not that the code is wrong.
# The suite says the same twice; `SIAGA_SEARCH=2000 pytest tests/probe tests/channels` goes looking for new examples.
SEARCH = int(os.environ.get("SIAGA_SEARCH", "0"))
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("search", settings.get_profile("house"), derandomize=False, max_examples=max(SEARCH, 100))
settings.load_profile("search" if SEARCH else "house")

try:
    getpass.getuser()
except (OSError, KeyError):  # a container's bare user id: whoever signs and exports in the tests needs a name
    os.environ["LOGNAME"] = "penguji"

TOGETHER = {
    "calls": (
        "tests/channels/", "tests/farends/", "tests/lab/", "tests/siaga/test_demo", "tests/end_to_end/test_verdict",
        "tests/end_to_end/test_truth", "tests/end_to_end/test_one", "tests/end_to_end/test_learn",
    ),
    "services": ("tests/end_to_end/", "tests/scheduler/test_real_time", "tests/scheduler/test_two_services"),
}  # fmt: skip
"""Tests that listen or wait for real processes, one after the other within a group; the first that fits counts."""
NICENESS = {"calls": 0, "services": 5, None: 15}
"""By group: what waits for processes yields to what listens, and what only reckons to both."""
RECKONING = ("tests/channels/test_", "tests/channels/voice/listening/")
"""Tests below those places that make no call."""


def group_of(path: str) -> str | None:
    """The group of a test by its path, or None for one that may run anywhere."""
    if path.startswith(RECKONING) and "hostile" not in path:
        return None
    return next((group for group, places in TOGETHER.items() if path.startswith(places)), None)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """One worker per group and per file; the groups, which take longest, begin."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hand out the tests of a group to one worker (xdist's own ``loadgroup`` does not work with pytest 9)."""
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the groups first where several workers share the work."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: group_of(item.nodeid) is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let what listens go first, where several workers share the machine and may choose (root)."""
    if "PYTEST_XDIST_WORKER" in os.environ and os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS[group_of(item.nodeid)])
