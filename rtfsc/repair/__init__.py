"""Edits that would repair a program: what may have been meant, tried out, the best of it suggested."""
