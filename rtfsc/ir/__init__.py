"""The intermediate representation: resolved, later typed, then optimized."""
