"""How much of a change is listed; pure. What is more is said to be more, as `truncated`."""

MOST_FACTS = 10_000
"""Files, touched paths or irregular places."""
MOST_COMMITS = 1000
