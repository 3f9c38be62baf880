"""What the engine process is told."""

from pathlib import Path
from xml.etree import ElementTree

from holdfast_server.event_store.engine.config import EngineConfig, machine_memory_bytes, render_xml


def test_it_survives_the_way_to_the_child() -> None:
    """One line of JSON holds everything, whatever the passwords are."""
    config = EngineConfig(Path("/data/ü x"), 'pass"wörd\n', "r", memory_bytes=5, port=7)
    line = config.to_json()
    assert "\n" not in line
    assert EngineConfig.from_json(line) == config


def test_memory_is_half_of_the_machines_unless_named() -> None:
    """The cap is there by default."""
    assert EngineConfig(Path("/d"), "a", "b").memory_cap_bytes == machine_memory_bytes() // 2
    assert EngineConfig(Path("/d"), "a", "b", memory_bytes=5).memory_cap_bytes == 5


def test_the_file_is_xml_with_everything_inside_the_folder() -> None:
    """Paths are escaped, temporary files and backups stay under the data folder, and logs of queries are off."""
    tree = ElementTree.fromstring(render_xml(EngineConfig(Path("/d/<&>"), "a", "b", memory_bytes=5)))
    assert tree.findtext("tmp_path") == "/d/<&>/tmp/"
    assert tree.findtext("backups/allowed_path") == "/d/<&>/backups"
    assert tree.findtext("max_server_memory_usage") == "5"
    assert tree.findtext("merge_tree/old_parts_lifetime") == "30"
    assert tree.find("query_log") is None
