"""pyperformance's nbody: planets attract each other."""

from benchmarks.installed import module

bm = module("nbody")


def run():
    bodies = [(list(place), list(speed), mass) for place, speed, mass in bm.SYSTEM]
    pairs = bm.combinations(bodies)
    bm.offset_momentum(bodies[0], bodies)
    bm.advance(0.01, 20, bodies, pairs)
    return bm.report_energy(bodies, pairs)
