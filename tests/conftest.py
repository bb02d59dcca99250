"""What all tests share: the far ends as fixtures, and patience with a busy machine."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.farends.fixtures"]

# A slow example says that the machine is busy (two cores, real calls beside it), not that the code is wrong.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
