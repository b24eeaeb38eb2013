"""pyperformance's spectral_norm: products with an infinite matrix."""

from benchmarks.installed import module

bm = module("spectral_norm")


def run():
    u = [1] * 16
    for _ in range(3):
        v = bm.eval_AtA_times_u(u)
        u = bm.eval_AtA_times_u(v)
    return sum(ue * ve for ue, ve in zip(u, v, strict=True)) / sum(ve * ve for ve in v)
