"""Stand-ins for weights that would have to be fetched: of the same architecture, tiny and random, always the same.

What comes out has the names, shapes and types of the real thing, and means nothing.
"""
