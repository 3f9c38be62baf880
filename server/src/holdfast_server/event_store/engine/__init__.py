"""The engine: a child process that owns the data folder, runs chDB and serves the HTTP interface of ClickHouse."""

from .config import EngineConfig
from .supervisor import EngineState, EngineSupervisor

__all__ = ["EngineConfig", "EngineState", "EngineSupervisor"]
