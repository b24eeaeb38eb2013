"""The runtime of compiled RTFS programs. People import `rtfsc`; this package is what compiled code needs."""
