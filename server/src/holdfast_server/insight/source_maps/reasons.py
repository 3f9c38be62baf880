"""Why a frame could not be mapped, and what to do about it: the words of the pages, the API and the command line."""

from enum import StrEnum


class Unmapped(StrEnum):
    """The codes that stand in `frame["unmapped"]`; they are stored with occurrences, so they never change."""

    NO_DEBUG_ID = "no_debug_id"
    NO_ARTIFACT_FOR_RELEASE = "no_artifact_for_release"
    NO_ARTIFACT_FOR_DIST = "no_artifact_for_dist"
    NO_ARTIFACT_FOR_DEBUG_ID = "no_artifact_for_debug_id"
    PATH_NOT_IN_RELEASE = "path_not_in_release"
    NOT_MINIFIED = "not_minified"
    MAP_MISSING = "map_missing"
    MAP_INVALID = "map_invalid"
    MAP_TOO_LARGE = "map_too_large"
    POSITION_NOT_FOUND = "position_not_found"
    SOURCE_CONTENT_MISSING = "source_content_missing"
    """The only one of a frame that was mapped: its function and line are known, its text is not."""


SENTENCES: dict[Unmapped, tuple[str, str]] = {
    Unmapped.NO_DEBUG_ID: (
        "The script carries no debug id, and the event names no release.",
        "Set a release in the client, or put debug ids into the build with sentry-cli sourcemaps inject.",
    ),
    Unmapped.NO_ARTIFACT_FOR_RELEASE: (
        "Nothing was uploaded for this release.",
        "Upload the build's folder with holdfast sourcemaps upload, under exactly the release that the client sends.",
    ),
    Unmapped.NO_ARTIFACT_FOR_DIST: (
        "Files of this release are there, but for another distribution.",
        "Upload them with the dist that the client sends, or without any.",
    ),
    Unmapped.NO_ARTIFACT_FOR_DEBUG_ID: (
        "No uploaded file has this debug id.",
        "Upload the files of the very build that runs: debug ids change with their content.",
    ),
    Unmapped.PATH_NOT_IN_RELEASE: (
        "The release has files, but none at this address.",
        "Compare the address with those below; --url-prefix says where the files are served.",
    ),
    Unmapped.NOT_MINIFIED: (
        "The script names no source map; it is shown as it runs.",
        "Nothing to do when it is not minified; otherwise turn source maps on in the build.",
    ),
    Unmapped.MAP_MISSING: (
        "The script is there, but the source map that it names is not.",
        "Upload the .map files together with the scripts.",
    ),
    Unmapped.MAP_INVALID: (
        "The source map can't be read.",
        "Build it again; another tool may have changed it after the build.",
    ),
    Unmapped.MAP_TOO_LARGE: (
        "The source map is larger than what is read here (64 MiB).",
        "Split the bundle, or leave vendor code out of it.",
    ),
    Unmapped.POSITION_NOT_FOUND: (
        "The source map has no entry for this line and column.",
        "The script that ran is not the one that was uploaded: upload after the last step of the build.",
    ),
    Unmapped.SOURCE_CONTENT_MISSING: (
        "Function and line are known, but the source map holds no source text.",
        "Let the build put the sources into the map (sourcesContent).",
    ),
}


def sentence(code: str) -> tuple[str, str]:
    """What happened and what to do, for a stored code; one that is not known (any more) is shown as it is."""
    try:
        return SENTENCES[Unmapped(code)]
    except ValueError:
        return f"This frame could not be mapped ({code}).", ""
