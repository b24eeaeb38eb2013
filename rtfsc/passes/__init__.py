"""The optimizer: one file per pass, each exports `run(module, options)`; passes do not import one another."""
