"""What /metrics shows: the system's own numbers, without anything about projects, so that it may stay open to scrapers."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .. import __version__
from .services import Services


class SystemCollector(Collector):
    def __init__(self, app: Services) -> None:
        self.app = app

    def collect(self) -> Iterator[Metric]:
        spool, engine = self.app.health.spool(), self.app.health.engine()
        yield GaugeMetricFamily(
            "holdfast_spool_pending_events",
            "Acknowledged events that wait for the event store",
            spool.pending,
        )
        yield GaugeMetricFamily("holdfast_spool_bytes", "Compressed bytes in the spool", spool.bytes)
        yield GaugeMetricFamily(
            "holdfast_drain_in_trouble", "1 while the drainer can't reach a store", float(bool(spool.trouble))
        )
        yield CounterMetricFamily(
            "holdfast_engine_restarts", "Times the engine process was started again", engine.restarts
        )
        refused = CounterMetricFamily(
            "holdfast_refused_events", "Events not accepted since the start", labels=["outcome", "reason"]
        )
        for (outcome, reason), quantity in sorted(
            self.app.intake.ledger.totals.items() if self.app.intake else ()
        ):
            refused.add_metric([outcome.value, reason], quantity)
        yield refused
        up = GaugeMetricFamily("holdfast_component_up", "1 while the part answers", labels=["component"])
        for name, check in self.app.health.checks().items():
            up.add_metric([name], float(check.works))
        yield up
        info = GaugeMetricFamily("holdfast_build", "The running version", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
