"""A small gate between an engine, which speaks IPv4 only, and far ends that have only IPv6."""
