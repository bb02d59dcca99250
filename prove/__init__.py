"""The campaigns with numbers: each proves one point of what was promised and writes a page of ``docs/proof/``."""
