"""What the engine process is told: its settings, the folders inside the data folder, and chDB's own configuration file.

chDB reads `config.xml` from wherever it finds one unless it is given a file; the one rendered here is always given.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from ...errors import CannotStart

MIB = 1 << 20


@dataclass(frozen=True)
class EngineConfig:
    """`memory_bytes` None means half of the machine's memory; `port` 0 means any free one."""

    data_dir: Path
    password: str
    reader_password: str
    memory_bytes: int | None = None
    reader_handles: int = 4
    port: int = 0
    database: str = "holdfast"

    @property
    def store_dir(self) -> Path:
        return self.data_dir / "store"

    @property
    def tmp_dir(self) -> Path:
        return self.data_dir / "tmp"

    @property
    def backups_dir(self) -> Path:
        return self.data_dir / "backups"

    @property
    def config_file(self) -> Path:
        return self.data_dir / "engine.xml"

    @property
    def memory_cap_bytes(self) -> int:
        return self.memory_bytes or machine_memory_bytes() // 2

    def to_json(self) -> str:
        """One line for the child's standard input."""
        return json.dumps({**asdict(self), "data_dir": str(self.data_dir)})

    @classmethod
    def from_json(cls, line: str) -> "EngineConfig":
        values = json.loads(line)
        return cls(**{**values, "data_dir": Path(values["data_dir"])})


def machine_memory_bytes() -> int:
    """Memory that this process may use: the container's limit when it is lower than the machine's."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def prepare_folders(config: EngineConfig) -> None:
    """Create what is missing. Raises CannotStart when the disk says no."""
    try:
        for folder in (config.data_dir, config.store_dir, config.tmp_dir, config.backups_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.config_file.write_text(render_xml(config))
        config.config_file.chmod(0o600)
    except OSError as exc:
        raise CannotStart(
            f"the engine's data folder {config.data_dir} can't be used: {exc.strerror or exc}",
            hint="check that the folder exists, belongs to this user and has free space",
        ) from exc


def render_xml(config: EngineConfig) -> str:
    """chDB's server settings. Small caches and pools: the engine shares a small machine with the server."""
    values: dict[str, object] = {
        "max_server_memory_usage": config.memory_cap_bytes,
        "mark_cache_size": 64 * MIB,
        "uncompressed_cache_size": 0,
        "index_mark_cache_size": 8 * MIB,
        "index_uncompressed_cache_size": 0,
        "primary_index_cache_size": 64 * MIB,
        "mmap_cache_size": 64,
        "compiled_expression_cache_size": 16 * MIB,
        "query_condition_cache_size": 16 * MIB,
        "text_index_tokens_cache_size": 8 * MIB,
        "text_index_header_cache_size": 8 * MIB,
        "text_index_postings_cache_size": 16 * MIB,
        "vector_similarity_index_cache_size": 8 * MIB,
        "parquet_metadata_cache_size": 8 * MIB,
        "iceberg_metadata_files_cache_size": 0,
        "background_pool_size": 2,
        "background_merges_mutations_concurrency_ratio": 2,
        "background_move_pool_size": 1,
        "background_fetches_pool_size": 1,
        "background_common_pool_size": 2,
        "background_buffer_flush_schedule_pool_size": 1,
        "background_schedule_pool_size": 4,
        "background_message_broker_schedule_pool_size": 1,
        "background_distributed_schedule_pool_size": 1,
        "tables_loader_foreground_pool_size": 2,
        "tables_loader_background_pool_size": 2,
        "max_thread_pool_size": 1000,
        "max_thread_pool_free_size": 16,
        "timezone": "UTC",
        "tmp_path": f"{config.tmp_dir}/",
        "user_files_path": f"{config.tmp_dir}/",
    }
    lines = [f"    <{name}>{escape(str(value))}</{name}>" for name, value in values.items()]
    lines.append(f"    <backups><allowed_path>{escape(str(config.backups_dir))}</allowed_path></backups>")
    # The server's own defaults keep merged parts for minutes; chDB's drop them at once and a power cut then loses data.
    lines.append("    <merge_tree><old_parts_lifetime>30</old_parts_lifetime></merge_tree>")
    return "<clickhouse>\n" + "\n".join(lines) + "\n</clickhouse>\n"
