"""The composition root: the only place that names engines and joins features. Builds everything in order, runs the HTTP
server, and takes it down in reverse, so that nothing acknowledged is left unwritten.
"""

import asyncio
import fcntl
import gc
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from .accounts import sessions as login
from .accounts.key_ring import KeyRing
from .accounts.projects import NewProject, create_project
from .accounts.sessions import Sessions
from .accounts.users import Users
from .errors import CannotStart, HoldfastError, StoreAway
from .event_store import migrate as event_schema
from .event_store import people
from .event_store.connect import Address, EventStore
from .event_store.engine.config import EngineConfig
from .event_store.engine.supervisor import EngineSupervisor
from .event_store.queries import attachments
from .health.report import EngineInfo, ForwardInfo, Health, SpoolState
from .ingest.artifacts import Artifacts
from .ingest.assemblies import Assemblies
from .ingest.drain_process import DrainConfig, DrainProcess, ForwardConfig
from .ingest.feedback import FeedbackIntake
from .ingest.forward.queue import state_of
from .ingest.ledger import Ledger
from .ingest.pipeline import KnownIssues, Pipeline
from .ingest.sentry_intake import SentryIntake
from .ingest.spool import Spool
from .ingest.symbolicate import Symbolicator
from .insight.issue_people import refresh_people
from .model.clock import Clock, SystemClock
from .model.files import Files
from .model.project import Role
from .settings import Settings
from .state_store import feedback, issue_jobs, issues, projects, settings_kv
from .state_store import migrations as state_schema
from .state_store import releases as state_releases
from .state_store.connect import StateStore
from .web.application import build
from .web.live import LiveFeed
from .web.services import Services

log = structlog.get_logger(__name__)
MEGABYTE = 1024 * 1024
DATABASE = "holdfast"
SOURCE_MAPS = "files/source_maps"
RETRY_FACTS_S = 3.0
ATTACHMENT_GRACE_S = 7 * 86_400


@dataclass(frozen=True)
class FirstSteps:
    """What is shown once, at the first start: it stands nowhere else in plain text."""

    admin_email: str
    admin_password: str
    project: NewProject | None


@dataclass(frozen=True)
class Intake:
    """The parts of taking in; a process without the role has none."""

    spool: Spool
    ledger: Ledger
    pipeline: Pipeline
    feedback: FeedbackIntake
    sentry: SentryIntake
    drainer: DrainProcess


def flush(ledger: Ledger) -> None:
    done = ledger.flush()
    if done is not None:
        done.exception(timeout=10)


def refuse_lonely_role(settings: Settings) -> None:
    """Several processes need stores that all of them reach. Raises CannotStart."""
    if settings.server.role != "all" and not (settings.store.events and settings.store.state):
        raise CannotStart(
            f"a process with the role {settings.server.role} needs stores that the others reach too",
            hint="set HOLDFAST_EVENTS=clickhouse://… and HOLDFAST_STATE=postgresql://…, or run one process with the role all",
        )


class Holdfast:
    """The running system. `start` brings it up part by part, `stop` down in reverse; both block."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.exits = ExitStack()
        self.engine: EngineSupervisor | None = None
        self.first_steps: FirstSteps | None = None

    def start(self) -> None:
        """Raises CannotStart with a sentence that says what to do; whatever was up by then is taken down again."""
        with ExitStack() as undo:
            self.exits = undo
            self._start()
            self.exits = undo.pop_all()

    def stop(self) -> None:
        self.exits.close()

    def _start(self) -> None:
        settings = self.settings
        refuse_lonely_role(settings)
        take_folder(settings.server.data, self.exits)
        refuse_taken_port(settings.server.host, settings.server.port)
        self.state = StateStore.open(settings.state_url)
        self.exits.callback(self.state.close)
        state_schema.migrate(self.state)
        self._open_facts()
        self.users = Users(self.state, self.clock)
        self.first_steps = self._first_steps()
        self.keys = KeyRing(self.state, self.clock)
        self.intake = self._start_ingest() if settings.server.role in ("all", "ingest") else None
        self._open_builds()
        self._start_schedule()
        self.services = self._services()

    def _open_facts(self) -> None:
        """Connect and migrate. An event store that is away or damaged does not keep ingest from starting: it is tried again
        in the background, /readyz says so, and the spool holds."""
        store = self.settings.store
        address = Address.parse(store.events, store.cluster) if store.events else self._start_engine()
        self.facts = EventStore(address)
        self.exits.callback(self.facts.close)
        if not self._engine_stands() or not self._migrate_facts():
            stopping = threading.Event()
            retry = threading.Thread(
                target=self._keep_trying_facts, args=(stopping,), name="event-store", daemon=True
            )
            retry.start()
            self.exits.callback(retry.join, 10)
            self.exits.callback(stopping.set)

    def _migrate_facts(self) -> bool:
        """Raises CannotStart when the schema is newer than this version; False when the store is away."""
        kept = self.settings.store
        try:
            event_schema.migrate(self.facts)
            event_schema.set_retention(
                self.facts,
                events_days=kept.events_days,
                errors_days=kept.errors_days,
                aggregates_days=kept.aggregates_days,
            )
        except StoreAway as exc:
            log.error("events.away", reason=exc.message)
            return False
        return True

    def _keep_trying_facts(self, stopping: threading.Event) -> None:
        while not stopping.wait(RETRY_FACTS_S):
            try:
                if self._engine_stands() and self._migrate_facts():
                    log.info("events.back")
                    return
            except HoldfastError as exc:
                log.error("events.unusable", reason=exc.message)

    def _start_engine(self) -> Address:
        memory = self.settings.store.engine_memory_mb
        password = secrets.token_hex(16)
        config = EngineConfig(
            data_dir=self.settings.server.data.resolve() / "events",
            password=password,
            reader_password=secrets.token_hex(16),
            memory_bytes=memory * MEGABYTE if memory else None,
            database=DATABASE,
        )
        self.engine = EngineSupervisor(
            config,
            on_change=lambda state: log.info(
                "engine.changed", phase=str(state.phase), error=state.last_error
            ),
        )
        self.exits.callback(self.engine.stop)
        self._engine_stands()
        host, _, port = self.engine.url.removeprefix("http://").partition(":")
        return Address(host, int(port), "holdfast", password, DATABASE)

    def _engine_stands(self) -> bool:
        """Start our engine unless it is supervised already; False when it can't start. Without an own engine: True."""
        if self.engine is None or self.engine.state.phase != "stopped":
            return True
        try:
            self.engine.start()
        except CannotStart as exc:
            log.error("engine.cannot_start", reason=exc.message, hint=exc.hint)
            return False
        return True

    def _first_steps(self) -> FirstSteps | None:
        """The first person and the first project, made when there is none yet."""
        accounts = self.settings.accounts
        if accounts.admin_password and not self.users.everybody():
            self.users.create(
                accounts.admin_email, accounts.admin_password, Role.SUPER_ADMIN, "Administrator"
            )
        admin = self.users.first_admin(accounts.admin_email)
        project = (
            None
            if projects.list_projects(self.state)
            else create_project(self.state, "My application", self.clock)
        )
        if admin is None and project is None:
            return None
        return FirstSteps(accounts.admin_email, admin.password if admin else "", project)

    def _start_ingest(self) -> Intake:
        ingest = self.settings.ingest
        spool = Spool(
            self.settings.server.data / "spool",
            self.clock,
            quota_bytes=ingest.spool_quota_mb * MEGABYTE,
            reserve_bytes=ingest.disk_reserve_mb * MEGABYTE,
        )
        self.exits.callback(spool.close)
        ledger = Ledger(spool, self.clock)
        salt = bytes.fromhex(
            settings_kv.get_or_make(self.state, "pseudonym_salt", lambda: secrets.token_hex(32))
        )
        known = KnownIssues(lambda project_id, issue: issue in issues.known(self.state, project_id, [issue]))
        drainer = DrainProcess(self._drain_config())
        drainer.start()
        self.exits.callback(drainer.stop)
        # Last in, first out: what was counted goes into the spool, then the drainer takes it as far as it can in a moment.
        self.exits.callback(flush, ledger)
        pipeline = Pipeline(ingest, spool, ledger, self.clock, known, salt)
        said = FeedbackIntake(pipeline, self.state, self._screenshots())
        sentry = SentryIntake(pipeline, said, self._attachments())
        return Intake(spool, ledger, pipeline, said, sentry, drainer)

    def _screenshots(self) -> Files:
        return Files(self.settings.server.data / "files" / "screenshots")

    def _sweep_screenshots(self) -> None:
        self._screenshots().sweep(feedback.screenshots(self.state))

    def _attachments(self) -> Files:
        return Files(self.settings.server.data / "files" / "attachments")

    def _sweep_attachments(self) -> None:
        """Nothing goes while the spool may still hold occurrences that name it; other nodes' spools have the days of grace."""
        if self.intake is not None and not self.intake.spool.pending:
            self._attachments().sweep(attachments.referenced(self.facts), grace_s=ATTACHMENT_GRACE_S)

    def _drain_config(self) -> DrainConfig:
        address, server, ingest = self.facts.address, self.settings.server, self.settings.ingest
        return DrainConfig(
            boot_id=boot_id(),
            spool=str((server.data / "spool").resolve()),
            events_host=address.host,
            events_port=address.port,
            events_user=address.user,
            events_password=address.password,
            events_database=address.database,
            events_secure=address.secure,
            events_cluster=address.cluster,
            state_url=self.settings.state_url,
            node=server.node,
            max_age_s=ingest.max_event_age_days * 86_400,
            block_rows=ingest.block_rows,
            interval_s=ingest.drain_interval_ms / 1000,
            source_maps=str((server.data / SOURCE_MAPS).resolve()),
            burst_bodies=ingest.burst_bodies,
            burst_new_bodies=ingest.burst_new_bodies,
            log_format=server.log_format,
            forward=self._forward_config(),
        )

    def _open_builds(self) -> None:
        files = Files(self.settings.server.data / SOURCE_MAPS)
        self.builds = Artifacts(self.state, files, self.clock)
        self.assemblies = Assemblies(self.builds)
        self.exits.callback(self.assemblies.close)
        self.symbolicator = Symbolicator(self.state, files, self.clock, budget_bytes=64 * MEGABYTE)

    def _start_schedule(self) -> None:
        schedule = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        )
        if self.intake is not None:
            schedule.add_job(self.intake.ledger.flush, "interval", seconds=1, id="ledger")
        keep_builds = partial(self.builds.sweep, self.settings.store.errors_days)
        schedule.add_job(keep_builds, "interval", hours=6, id="old source maps")
        schedule.add_job(self._sweep_attachments, "interval", hours=12, id="attachments")
        schedule.add_job(self._sweep_screenshots, "interval", hours=1, id="screenshots")
        schedule.add_job(self.keys.write_used, "interval", seconds=30, id="key use")
        schedule.add_job(self._tend_issues, "interval", seconds=30, id="issues")
        schedule.add_job(self._forget_releases, "interval", hours=1, id="old releases")
        schedule.add_job(Sessions(self.state, self.clock).sweep, "interval", hours=1, id="ended sessions")
        schedule.start()
        self.exits.callback(schedule.shutdown, wait=True)

    def _tend_issues(self) -> None:
        """Issues that were ignored until now wake, old ones are new no longer, and those that occurred get new estimates of
        people."""
        now_ms = self.clock.now_ms()
        issue_jobs.wake_ignored(self.state, now_ms)
        issue_jobs.age_new(self.state, now_ms)
        try:
            refresh_people(self.state, self.facts, now_ms)
        except HoldfastError as exc:
            log.warning("issues.people_unknown", reason=exc.message)

    def _forget_releases(self) -> None:
        state_releases.forget(self.state, self.clock.now_ms() - self.settings.store.errors_days * 86_400_000)

    def _services(self) -> Services:
        return Services(
            settings=self.settings,
            clock=self.clock,
            facts=self.facts,
            state=self.state,
            intake=self.intake,
            keys=self.keys,
            users=self.users,
            sessions=Sessions(self.state, self.clock),
            csrf_secret=login.csrf_secret(self.state),
            local_token="hf_local_" + secrets.token_hex(32),
            health=Health(
                self.facts,
                self.state,
                self.clock,
                self.settings.server.data,
                self._spool_state,
                self._engine_info,
                self._forward_info,
            ),
            live=LiveFeed(self.facts),
            guard_sql=people.for_project,
            screenshots=self._screenshots(),
            builds=self.builds,
            assemblies=self.assemblies,
            symbolicator=self.symbolicator,
        )

    def _spool_state(self) -> SpoolState:
        if self.intake is None:
            return SpoolState(0, 0, "")
        return SpoolState(self.intake.spool.pending, self.intake.spool.bytes, self.intake.drainer.trouble)

    def _forward_config(self) -> ForwardConfig | None:
        forward = self.settings.forward
        if not forward.dsn:
            return None
        salt = settings_kv.get_or_make(self.state, "forward_salt", lambda: secrets.token_hex(32))
        return ForwardConfig(
            dsn=forward.dsn,
            folder=str(self._forward_folder()),
            environments=list(forward.environments),
            error_rate=forward.error_rate,
            performance_rate=forward.performance_rate,
            quota_bytes=forward.queue_mb * MEGABYTE,
            salt=salt,
        )

    def _forward_folder(self) -> Path:
        return (self.settings.server.data / "forward").resolve()

    def _forward_info(self) -> ForwardInfo:
        if not self.settings.forward.dsn:
            return ForwardInfo("off")
        found = state_of(self._forward_folder(), self.clock.now_ms())
        return ForwardInfo(found.state, found.queued, found.bytes, found.sent_at_ms, found.error)

    def _engine_info(self) -> EngineInfo:
        if self.engine is None:
            return EngineInfo("external", 0, "", None)
        state = self.engine.state
        return EngineInfo(str(state.phase), state.restarts, state.last_error, self.engine.pid)


def boot_id() -> str:
    """What the kernel calls the time since the machine was started; "" where it does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def take_folder(data: Path, exits: ExitStack) -> None:
    """Make the data folder and hold it: a second server on it is refused, for it would drain the same spool."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = (data / "lock").open("a+")
    except OSError as exc:
        raise CannotStart(
            f"the data folder {data} can't be used: {exc.strerror or exc}",
            hint="choose another one with --data, or change its owner",
        ) from exc
    exits.callback(handle.close)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        other = handle.read().strip() or "unknown"
        raise CannotStart(
            f"another Holdfast server (process {other}) uses the data folder {data.resolve()}",
            hint="stop it first, or start this one with another --data and --port",
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()


async def serve(holdfast: Holdfast, *, on_ready: Callable[[], None]) -> None:
    """Answer HTTP until SIGTERM or SIGINT. The socket is bound here, so `on_ready` means that requests are answered."""
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    server_settings = holdfast.settings.server
    application = build(holdfast.services)
    server = Server(
        application,
        address=server_settings.host,
        port=server_settings.port,
        interface=Interfaces.ASGI,
        backlog=1024,
        backpressure=1024,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        websockets=False,
        log_enabled=False,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    running = asyncio.ensure_future(server.serve())
    running.add_done_callback(lambda _: stopping.set())
    settle_memory()
    if await _listening(server_settings.host, server_settings.port, running):
        on_ready()
    await stopping.wait()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait([running], timeout=10)
    if running.done() and running.exception() is not None:
        raise CannotStart(
            f"the server can't answer at {server_settings.host}:{server_settings.port}: {running.exception()}",
            hint="another program may use the port: choose one with --port",
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Raises CannotStart. Granian lets several processes share a port, so a second Holdfast would take half of the requests
    of the first; a plain bind refuses that."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as exc:
            raise CannotStart(
                f"the server can't answer at {host}:{port}: {exc.strerror or exc}",
                hint="another program may use the port: choose one with --port",
            ) from exc


async def _listening(host: str, port: int, running: "asyncio.Future[None]") -> bool:
    """Wait until a connection is taken; False when the server ended instead."""
    address = "127.0.0.1" if host in ("0.0.0.0", "") else "::1" if host == "::" else host  # noqa: S104
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return True
    return False


def settle_memory() -> None:
    """What stands after the start stays: the collector need not look at it again for every few hundred requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
