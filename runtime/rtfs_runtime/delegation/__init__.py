"""Who executes a call: targets, decisions, link slots, stubs and the dispatch to models."""
