"""Turns a video into a few time-stamped tokens: an image tower with attention along time and token merging.

Everything here needs the ``models`` extra (torch, transformers); nothing is imported before it is asked for.
"""
