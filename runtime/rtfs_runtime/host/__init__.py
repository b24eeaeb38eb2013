"""The border to the world: capabilities, grants, and the one function every effect passes."""
