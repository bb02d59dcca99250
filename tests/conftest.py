"""What all tests share: the far ends as fixtures."""

pytest_plugins = ["tests.farends.fixtures"]
