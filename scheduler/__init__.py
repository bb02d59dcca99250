"""When and where: the one run path."""
