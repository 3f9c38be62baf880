"""Messages without their values: `User 42 not found` and `User 7 not found` are one message, `User <num> not found`.

Known sentences of JavaScript engines become one, whichever browser said it. The text is cut first and each expression
has a limit, so hostile text costs little more than its length.
"""

import re
from functools import lru_cache

MESSAGE_MAX = 1_000
NORMAL_MAX = 500
LINES_MAX = 2
REMEMBERED = 1_024

VALUES = re.compile(
    r"""
    (?P<words>(?:(?!(?:[Ss]tatus|HTTP|responded|[Ee]rr|[Ee]xit|eyJ|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))
        [A-Za-z]{1,19}\ )+)
  | (?P<kept>\b(?:[Ss]tatus(?:[ _]?[Cc]ode)?|HTTP(?:/\d(?:\.\d)?)?(?:\ [Ee]rror|\ status)?|responded\ with)(?:\s?[:=]|\ of)?\ ?[1-5]\d\d\b
      |\b[45]\d\d\ (?:Client|Server)\ Error\b
      |\b[Ee]rror\ \#?\d{1,5}\b
      |\b(?:[Ee]rror\ [Cc]ode|[Ee]xit(?:ed\ with)?\ (?:code|status)|[Ee]rrno)(?::|\ ?=)?\ ?\#?-?\d{1,5}\b
      |\bSQLSTATE\[\w{5}\])
  | (?P<email>(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
  | (?P<url>\b(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?=//)//|data:|blob:|www\.)[^\s"'<>()\[\]{}|\\^`]{1,500})
  | (?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)
  | (?P<mac>\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b)
  | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?::\d{1,5})?\b
      |\[?(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])(?:\]:\d{1,5})?
      |\[?(?<![\w:.])(?=[a-fA-F:]{0,40}\d)(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}(?![\w:])(?:\]:\d{1,5})?
      |\[?(?<![\w:.])::(?:ffff:)?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})(?![\w:])(?:\]:\d{1,5})?)
  | (?P<date>
       \b\d{4}[-/]\d{2}[-/]\d{2}(?:[T\ _]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:\ ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?
      |\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\ )?(?:\d{1,2}[\ /-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}[\ /-]\d{2,4}
         |(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\ {1,2}\d{1,2},?(?:\ \d{4})?)
         (?:[:\ ,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?:\ ?(?:[AP]M|GMT|UTC|[A-Z]{3}))?(?:\ ?[+-]\d{4})?(?:\ \d{4})?)?
      |\b\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})\b(?:,?\ \d{1,2}:\d{2}(?::\d{2})?(?:\ ?[AP]M)?)?
      |\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:\ ?[AP]M)?)
  | (?P<json>\{\s?["'][^\n]{0,2000}\}|\[\s?[{"'\d][^\n]{0,2000}\])
  | (?P<quoted>(?<!\w)"[^"\n]{0,500}"|(?<!\w)'[^'\n]{0,500}'(?!\w)|`[^`\n]{0,500}`|“[^”\n]{0,500}”|«[^»\n]{0,500}»)
  | (?P<path>(?<![\w/.])(?:[A-Za-z]:\\|\\\\(?=\w)|~?/|\.{1,2}/)[\w.@%+~$=-]+(?:[/\\][\w.@%+~$=-]+)*/?(?::\d{1,7}){0,2})
  | (?P<token>\beyJ[\w-]{5,2000}(?:\.[\w-]{0,2000}){0,2}
      |\b[a-z]{2,8}(?:_(?:live|test|prod))?_(?=[A-Za-z]{0,60}\d)[A-Za-z0-9]{8,64}\b
      |(?<![\w+/-])(?=[a-zA-Z+/_-]{0,100}\d)(?=[a-z0-9+/_-]{0,100}[A-Z])(?=[A-Z0-9+/_-]{0,100}[a-z])[A-Za-z0-9+/_-]{20,2000}={0,2}
      |\b(?=[A-Z]{0,25}\d)[0-9A-HJKMNP-TV-Z]{26}\b)
  | (?P<hex>\b0[xX][0-9a-fA-F]+\b|(?<=@)[0-9a-f]{5,16}\b)
  | (?P<id>\b(?=[a-fA-F]{0,63}\d)(?=\d{0,63}[a-fA-F])[0-9a-fA-F]{7,128}\b|\b[0-9a-fA-F]{32,128}\b)
  | (?P<duration>(?<![\w.])\d+(?:[.,]\d+)?\ ?(?:[nµm]?s|secs?|m|mins?|h|hrs?|hours?|days?|(?:nano|micro|milli)?seconds?|minutes?|weeks?)
        (?:\ ?\d{1,3}(?:\.\d{1,9})?\ ?[mnµ]?[smh])*(?![\w/]))
  | (?P<size>(?<![\w.])\d+(?:[.,]\d+)?\ ?(?:[kKMGTP]i?[bB]|B|[Bb]ytes?|(?:kilo|mega|giga)bytes)(?![\w/]))
  | (?P<num>(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?(?=\D|$)|(?<=[A-Za-z_])\d+)
    """,
    re.VERBOSE,
)
"""The first alternative that fits wins: a number inside a date is part of the date. The status of an HTTP answer
and the number of an error stay: a 404 and a 503 are different troubles. Plain words
are passed over first: most of a message is made of them."""

NAME = r"[\w$.\[\]()#]{1,200}"
ENGINES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (
            r"Cannot (?:read|set) propert(?:y|ies) (?:'([^']{1,200})' )?of (undefined|null)(?: \((?:reading|setting) '([^']{1,200})'\))?",
            r"\2 has no property \1\3",
        ),
        (
            r"can't access property \"([^\"]{1,200})\", .{0,200}is (undefined|null)",
            r"\2 has no property \1",
        ),
        (
            rf"(undefined|null) is not an object \(evaluating '(?:{NAME})[.]([\w$]{{1,200}})(?:\(.{{0,200}}\)| = .{{0,200}})?'\)",
            r"\1 has no property \2",
        ),
        (rf"(?:{NAME}\.)?([\w$]{{1,200}}) is not a function(?:\. \(In .{{0,300}})?", r"\1 is not a function"),
        (r"Can't find variable: ([\w$]{1,200})", r"\1 is not defined"),
        (r"Maximum call stack size exceeded\.?|too much recursion", "stack overflow"),
        (
            r"Failed to fetch(?: \(.{0,200}\))?|NetworkError when attempting to fetch resource\.|Load failed(?: \(.{0,200}\))?",
            "fetch failed",
        ),
        (
            r"(?:Failed to fetch|error loading) dynamically imported module:? .{0,1000}|Importing a module script failed\.",
            "import of a module failed",
        ),
        (
            r"(?:JSON\.parse: |JSON Parse error: ).{0,300}|Unexpected token .{0,200}(?: in JSON at position \d{1,9}.{0,60}|is not valid JSON)|Unexpected end of JSON input",
            "not valid JSON",
        ),
    )
)
"""What Chrome, Firefox and Safari say about the same fault."""
SHORT_NAME = re.compile(
    r"^[\w$]{1,2}(?= is not (?:a function|defined|iterable|a constructor)$)|(?<=has no property )[\w$]{1,2}$"
)


@lru_cache(maxsize=REMEMBERED)
def normalise_message(text: str) -> str:
    """The message with each value replaced by the name of its kind; of many lines the first two, which tell it."""
    lines = [line for line in text[:MESSAGE_MAX].splitlines() if line.strip()][:LINES_MAX]
    text = " ".join(" ".join(lines).split())
    for pattern, sentence in ENGINES:
        if found := pattern.fullmatch(text):
            return SHORT_NAME.sub("<name>", found.expand(sentence))[:NORMAL_MAX]
    return VALUES.sub(placeholder, text)[:NORMAL_MAX]


def placeholder(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind in ("words", "kept"):
        return found[0]
    return "<num>" if kind == "id" else f"<{kind}>"  # some ids in hexadecimal have no letter by chance
