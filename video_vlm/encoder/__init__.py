"""Video in, a few time-stamped tokens out: a tower for pictures that sees order and drops what repeats.

Everything here needs the ``models`` extra (torch, transformers); nothing is imported before it is asked for.
"""
