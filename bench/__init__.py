"""Benchmarks: each prints a ratio measured in one run. `python -m bench` lists them."""
