"""Tracks that are read from files: features that somebody else made. One file per format."""
