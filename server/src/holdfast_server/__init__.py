"""Holdfast's server: takes events in, keeps them, turns them into metrics, and shows them."""

__version__ = "0.1.0"
