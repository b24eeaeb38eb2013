"""Runs the cases of the project's conformance folder, which is not part of this repository."""
