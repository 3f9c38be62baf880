"""The corner shop: a small shop that does not exist, and everything that happens in it. Pure: time and randomness come in."""
