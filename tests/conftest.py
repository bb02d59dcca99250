"""What all tests share: the far ends as fixtures, and patience with a busy machine."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.farends.fixtures"]

# A slow example says that the machine is busy (two cores, real calls beside it), not that the code is wrong.
# The suite says the same twice; `SIAGA_SEARCH=2000 pytest tests/probe tests/channels` goes looking for new examples.
SEARCH = int(os.environ.get("SIAGA_SEARCH", "0"))
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("search", settings.get_profile("house"), derandomize=False, max_examples=max(SEARCH, 100))
settings.load_profile("search" if SEARCH else "house")
