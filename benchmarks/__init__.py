"""Benchmarks: ratios between variants that run interleaved in one process."""
