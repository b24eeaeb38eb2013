"""Macros: forms to forms."""
