"""What Prometheus is told: requests as they end, the service's state as it is asked."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from backend.ports import Ports
from backend.use_cases.measure_service import measure_service

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One app's own registry."""

    def __init__(self, ports: Ports) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "vitalmint_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "vitalmint_http_request_duration_seconds",
            "How long requests took.",
            ["method", "route"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_ServiceState(ports))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request has ended."""
        self._requests.labels(method, route, str(status)).inc()
        self._duration.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)


class _ServiceState(Collector):
    """Asked at every scrape; what does not answer is missing and shown as down."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def describe(self) -> Iterator[Metric]:
        """Nothing to say beforehand: registering must not ask the outside anything."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        state = measure_service(ports=self._ports)
        up = GaugeMetricFamily("vitalmint_up", "Whether a part answers.", labels=["part"])
        for part, answers in state.up.items():
            up.add_metric([part], float(answers))
        yield up
        rows = GaugeMetricFamily(
            "vitalmint_contributions", "Contributions by status.", labels=["status"]
        )
        for status, count in state.contributions.items():
            rows.add_metric([status], count)
        yield rows
        jobs = GaugeMetricFamily("vitalmint_jobs", "Jobs that are not done.", labels=["state"])
        for name, count in state.jobs.items():
            jobs.add_metric([name], count)
        yield jobs
        if state.relayer_balance_wei is not None:
            yield GaugeMetricFamily(
                "vitalmint_relayer_balance_wei",
                "What is left for relaying.",
                value=state.relayer_balance_wei,
            )
            yield GaugeMetricFamily(
                "vitalmint_relayer_balance_low",
                "1 when the relayer's balance is below the configured limit.",
                value=state.relayer_balance_wei < self._ports.policy.low_balance_wei,
            )
