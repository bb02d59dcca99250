"""Measurements that print figures; run by hand, never by the tests."""
