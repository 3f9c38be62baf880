"""Functions' names without what compilers, bundlers, proxies and runtimes put on them, and the module they are in.

Each language has its own marks; the file's ending tells which. Different functions keep different names.
"""

import re
from functools import lru_cache

from holdfast_server.insight.grouping.frames import NOTHING, FrameKey, key_of
from holdfast_server.insight.grouping.sources import (
    NAME_MAX,
    REMEMBERED,
    SCRIPT,
    is_built,
    module_of,
    normalise_module,
)

ANONYMOUS = frozenset(
    {
        "", "?", "<anonymous>", "anonymous", "(anonymous)", "(anonymous function)", "<unknown>", "<computed>",
        "eval code", "global code", "module code",
    }
)  # fmt: skip
HELPERS = frozenset(
    {
        "asyncGeneratorStep",
        "_asyncToGenerator",
        "__awaiter",
        "__generator",
        "_regeneratorRuntime",
        "_asyncGeneratorStep",
    }
)
"""What compilers put between a function and its caller, in some builds and not in others."""
INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
"""Frames of their own up to Python 3.11, part of their function since."""

COUNTER = re.compile(r"0x[0-9a-fA-F]+|\[\d{1,9}\]$|(?<=\$)\d+|(?<=MODULE_)\d+|(?<=__)\d+$")

SCRIPT_MARKS = re.compile(r"^(?:async\*|async |new |bound |get |set )+")
ALIAS = re.compile(r" \[as [^\]]*\]$")
COMPILED = re.compile(r"_callee\d*\$?|_callee\d*\$\w*")
BUNDLED = re.compile(r"\$\d{1,6}$")
MANGLED = re.compile(r"[\w$]{1,2}|(?=\w?[A-Z0-9_$]|[^aeiouy]{3}$)[\w$]{3}")

GENERATED = re.compile(
    r"\$\$(?:Enhancer|SpringCGLIB|FastClass|Lambda\b|_Weld|_jvst)|\$Proxy\d|GeneratedMethodAccessor|GeneratedConstructorAccessor"
    r"|\$HibernateProxy|\$ByteBuddy|\$MockitoMock|_\$\$_|_ClientProxy\b|\$r8\$|\$\$ExternalSynthetic|-\$\$|^lambda_method\d|^dynamicClass\."
)
"""Classes that frameworks make at run time: between a caller and the function it wants."""
SCALA_FUNCTION = re.compile(r"\$?\$anonfun\$(?:new\$)?([A-Za-z_]\w{0,200})")
JVM_LAMBDA = re.compile(r"^(?:lambda|access)\$([A-Za-z_]\w{0,200})")
JVM_TAIL = re.compile(
    r"\$(?:lambda|default|suspendImpl|extension|annotations|inlined)\b.{0,200}$|\$\d[\d$]{0,9}$"
)
KOTLIN_CLASS = re.compile(r"(.+?)\$([a-z]\w{0,200})(?:\$\d{1,6})+")
KOTLIN_CALLS = frozenset({"invoke", "invokeSuspend", "emit", "collect"})
OBFUSCATED = re.compile(r"(?:\w{1,3}\.)*\w{1,2}\.\w{1,2}")
JVM_NO_FILE = ("SourceFile", "Unknown Source", "r8-map-id-", "PG:")
"""What stands for a file where an obfuscator took its name away."""
ANONYMOUS_CLASS = re.compile(r"(?:\$\d{1,6})+$")

DOTNET_GENERICS = re.compile(r"\[[^\]]{0,300}\]|`\d{1,3}")
DOTNET_OWNER = re.compile(r"<(\w{1,200})>")
DOTNET_MARKS = re.compile(r"<\w|`\d|\[|\.\.c")
DOTNET_LOCAL = re.compile(r"g__(\w{1,200})\|")

GO_TAIL = re.compile(r"(?:\.(?:func|gowrap|deferwrap)?\d{1,6}|-fm|-range\d{1,6}|\[\.\.\.\])+$")
GO_MAJOR = re.compile(r"/v\d{1,3}(?=/|$)")

RUBY_BLOCK = re.compile(r"^(?:(?:block|rescue|ensure|else)(?: \(\d{1,6} levels\))? in )+")
RUBY_TEMPLATE = re.compile(r"_{2,}-?\d{1,24}_-?\d{1,24}$")
PHP_CLOSURE = re.compile(r"^\{closure:(.{1,400}?)(?:\(\))?:\d{1,9}\}$")
PHP_ANONYMOUS = re.compile(r"@anonymous.{0,400}?(?=->|::|$)", re.DOTALL)
"""A class without a name is named by its file and line."""
RUST_TAIL = re.compile(r"(?:::h[0-9a-f]{16}|::\{\{[\w.-]{1,40}\}\}|::\{closure#\d{1,6}\})+$")
DART_CLOSURE = re.compile(r"(?:\.?<(?:anonymous closure|fn)>)+$")

ENDINGS = {
    ".java": "jvm", ".kt": "jvm", ".kts": "jvm", ".scala": "jvm", ".groovy": "jvm", ".clj": "jvm",
    ".cs": "dotnet", ".fs": "dotnet", ".vb": "dotnet", ".razor": "dotnet", ".cshtml": "dotnet",
    ".go": "go", ".rb": "ruby", ".erb": "ruby", ".rake": "ruby", ".php": "php", ".rs": "rust",
    ".py": "python", ".pyx": "python", ".swift": "swift", ".dart": "dart",
}  # fmt: skip


@lru_cache(maxsize=REMEMBERED)
def frame_key(function: str, module: str, filename: str, far_column: bool = False) -> FrameKey:
    """What counts of a frame; `NOTHING` for one that was made by a machine. Remembered: faults bring the same frames."""
    function, module, filename = function[:NAME_MAX].strip(), module[:NAME_MAX], filename[:NAME_MAX]
    language = language_of(function, module, filename)
    if language == "script":
        return script_key(function, module, filename, far_column)
    if GENERATED.search(function) or GENERATED.search(module):
        return NOTHING
    if (
        language == "jvm"
        and (not filename or filename.startswith(JVM_NO_FILE))
        and OBFUSCATED.fullmatch(joined(module, function))
    ):
        return key_of("", "obfuscated", minified=True)
    if language == "python" and function in INLINED:
        return NOTHING
    if split := QUALIFIED.get(language):
        return key_of(*split(function, module, filename))
    if plain := PLAIN.get(language):
        function = plain(function)
    return key_of(named(function), normalise_module(module, filename))


def language_of(function: str, module: str, filename: str) -> str:
    """By the file's ending; without a file, a name with dots is one of the virtual machines'."""
    if SCRIPT.search(filename.partition("?")[0]) or filename.startswith(("http://", "https://")):
        return "script"
    dot = filename.rfind(".")
    if found := ENDINGS.get(filename[dot:].lower() if dot >= 0 else ""):
        return found
    if filename.startswith(JVM_NO_FILE):
        return "jvm"
    if filename and filename not in ("<generated>", "Native Method"):
        return ""
    if "::" in function and "\\" not in function:
        return "rust"
    if function.endswith(":)"):
        return "swift"
    if "." in function or "." in module:
        return "dotnet" if DOTNET_MARKS.search(joined(module, function)) else "jvm"
    return ""


def joined(module: str, function: str) -> str:
    return f"{module}.{function}" if module else function


def script_key(function: str, module: str, filename: str, far_column: bool) -> FrameKey:
    """The last word alone: engines disagree on the receiver, and it is the object's class, not the function's."""
    place = module_of(filename) if filename else normalise_module(module, "")
    text = SCRIPT_MARKS.sub("", ALIAS.sub("", function))
    if "/" in text and text.endswith("<"):
        text = ""  # Firefox names a nameless function by where it was made
    text = BUNDLED.sub("", text.rpartition("/")[2].rpartition(".")[2])
    if text in HELPERS:
        return NOTHING
    if text in ANONYMOUS or COMPILED.fullmatch(text):
        text = ""
    built = far_column or is_built(filename)
    if built and (not text or MANGLED.fullmatch(text)):
        return key_of("", place, minified=True)
    return key_of(COUNTER.sub("#", text), place)


def jvm(function: str, module: str, filename: str) -> tuple[str, str]:
    """Java, Kotlin, Scala, with or without the class in the function's name."""
    text = joined(module, function)
    text = text.rpartition("/")[2]  # `app//shop.Cart.pay`, `java.base/java.util.List.get`
    if found := SCALA_FUNCTION.search(text):
        return found[1], text[: found.start()].rstrip("$.")
    owner, _, method = text.rpartition(".")
    if found := JVM_LAMBDA.match(method):
        method = found[1]
    method = JVM_TAIL.sub("", method) or method
    if method in KOTLIN_CALLS and (inner := KOTLIN_CLASS.fullmatch(owner)):
        owner, method = inner[1], inner[2]
    owner = ANONYMOUS_CLASS.sub("$#", owner.rstrip("$"))
    return named(method), owner or normalise_module("", filename)


def dotnet(function: str, module: str, filename: str) -> tuple[str, str]:
    """C#, F#: the method that state machines, closures and local functions were written in."""
    text = DOTNET_GENERICS.sub("", joined(module, function)).partition("(")[0]
    text = text.rpartition(" ")[2].replace("+", ".")
    if owner := DOTNET_OWNER.search(text):
        local = DOTNET_LOCAL.search(text)
        return (local or owner)[1], text.partition("<")[0].rstrip(".")
    place, _, method = text.rpartition(".")
    return named(method), place.rstrip(".") or normalise_module("", filename)


def go(function: str, module: str, filename: str) -> tuple[str, str]:
    """`example.com/shop/cart.(*Cart).Pay.func1` → `(*Cart).Pay` of `example.com/shop/cart`."""
    text = GO_TAIL.sub("", function).replace("[...]", "")
    if not module and "." in text:
        folders, slash, rest = text.rpartition("/")
        package, _, text = rest.partition(".")
        module = folders + slash + package
    return named(text), GO_MAJOR.sub("", module) or normalise_module("", filename)


def rust(function: str, module: str, filename: str) -> tuple[str, str]:
    text = RUST_TAIL.sub("", function)
    if not module and "::" in text and not text.startswith("<"):
        module, _, text = text.rpartition("::")
    return named(text), module or normalise_module("", filename)


def ruby(function: str) -> str:
    return RUBY_TEMPLATE.sub("", RUBY_BLOCK.sub("", function))


def php(function: str) -> str:
    if found := PHP_CLOSURE.match(function):
        function = found[1]
    if function.endswith("{closure}"):
        owner = function.replace("->", "::").rpartition("::")[0]
        function = f"{owner}::{{closure}}" if owner else "{closure}"
    return PHP_ANONYMOUS.sub("@anonymous", function).replace("->", "::")


def swift(function: str) -> str:
    inner = function.startswith(("closure #", "partial apply", "implicit"))
    return function.rpartition(" in ")[2] if inner else function


def dart(function: str) -> str:
    return DART_CLOSURE.sub("", function.removeprefix("new "))


def named(function: str) -> str:
    return "" if function in ANONYMOUS else COUNTER.sub("#", function)


QUALIFIED = {"jvm": jvm, "dotnet": dotnet, "go": go, "rust": rust}
PLAIN = {"ruby": ruby, "php": php, "swift": swift, "dart": dart}
