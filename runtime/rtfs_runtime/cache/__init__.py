"""The cache layers: decisions, replies, similar replies, compiled code."""
