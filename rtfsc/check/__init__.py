"""The static checker: what values expressions have, what evaluating them may do, and what certainly fails.

`infer` gives `Types`, which passes use too; `findings` reads warnings off them.
"""
