"""The back end: IR to CPython code objects to artifacts."""
