"""Reports of failures for people: what went wrong, where, and what to do about it."""
