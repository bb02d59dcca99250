"""What a probe is, when it is due and how it is judged. Pure: standard library and pydantic."""
