"""Speech to text, in a process of its own: optional, off by default, and never a part of what judges a call."""
