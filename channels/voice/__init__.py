"""Shared by the telephone channels: engine processes, and listening."""
