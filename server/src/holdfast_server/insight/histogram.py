"""Quantiles from the log histogram of the rollups: 8 buckets an octave, so an answer is within 5 % of the truth."""

from collections.abc import Mapping

BUCKETS_AN_OCTAVE = 8
RELATIVE_ERROR = 2 ** (1 / (2 * BUCKETS_AN_OCTAVE)) - 1
"""4.4 %: half a bucket, on a log scale."""


def quantile(histogram: Mapping[int, int], q: float) -> float | None:
    """The value below which the share `q` of the counts lies; None without counts."""
    total = sum(histogram.values())
    if not total:
        return None
    rank, seen = q * total, 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            return middle(bucket)
    return middle(max(histogram))


def share_over(histogram: Mapping[int, int], limit: float) -> float | None:
    """The share (0–1) of counts above `limit`; the bucket that holds the limit counts as not above."""
    total = sum(histogram.values())
    if not total:
        return None
    return (
        sum(count for bucket, count in histogram.items() if 2 ** (bucket / BUCKETS_AN_OCTAVE) >= limit)
        / total
    )


def middle(bucket: int) -> float:
    """The middle of a bucket on the log scale, which halves the largest error."""
    return float(2 ** ((bucket + 0.5) / BUCKETS_AN_OCTAVE))
