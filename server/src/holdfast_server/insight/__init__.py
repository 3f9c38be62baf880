"""What the data means: the metric catalogue, resilience rates, latency, error grouping."""
