"""The ways to upload, with the project's real address; the secret key is named by a variable, for it is shown only once."""

from dataclasses import dataclass

from ..projects.snippets import Snippet


@dataclass(frozen=True)
class Words:
    base: str
    slug: str


def ways(base: str, slug: str) -> list[Snippet]:
    words = Words(base, slug)
    return [
        Snippet(
            "holdfast", "With holdfast", "on the machine that builds", "Shell", "shell", by_holdfast(words)
        ),
        Snippet("sentry-cli", "With sentry-cli", "unchanged", "Shell", "shell", by_sentry_cli(words)),
        Snippet(
            "vite",
            "With Sentry's bundler plugins",
            "@sentry/vite-plugin",
            "vite.config.js",
            "javascript",
            by_vite(words),
        ),
        Snippet("curl", "With curl", "one file at a time", "Shell", "shell", by_curl(words)),
    ]


def by_holdfast(words: Words) -> str:
    return (
        "export HOLDFAST_KEY=hf_sec_…   # a secret key of this project\n"
        f"holdfast sourcemaps upload dist --release my-app@1.0.0 \\\n  --url {words.base}"
    )


def by_sentry_cli(words: Words) -> str:
    return (
        f"export SENTRY_URL={words.base}\n"
        "export SENTRY_AUTH_TOKEN=hf_sec_…   # a secret key of this project\n"
        "sentry-cli sourcemaps inject dist\n"
        f"sentry-cli sourcemaps upload --org any --project {words.slug} --release my-app@1.0.0 dist"
    )


def by_vite(words: Words) -> str:
    return (
        'import { sentryVitePlugin } from "@sentry/vite-plugin";\n\n'
        "export default {\n"
        '  build: { sourcemap: "hidden" },\n'
        "  plugins: [\n"
        "    sentryVitePlugin({\n"
        f'      url: "{words.base}",\n'
        '      org: "any",\n'
        f'      project: "{words.slug}",\n'
        "      authToken: process.env.HOLDFAST_KEY,\n"
        "      telemetry: false,\n"
        "    }),\n"
        "  ],\n"
        "};"
    )


def by_curl(words: Words) -> str:
    return (
        'curl --data-binary @dist/assets/app.js.map -H "Authorization: Bearer $HOLDFAST_KEY" \\\n'
        f"  '{words.base}/api/sourcemaps?release=my-app@1.0.0&path=~/assets/app.js.map'"
    )
