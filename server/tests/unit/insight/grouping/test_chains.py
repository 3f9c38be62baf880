"""The errors behind an error, out of the text of a trace: the cause first, the thrown one last."""

import pytest

from holdfast_server.insight.grouping import ExceptionInfo, parse_chain

PYTHON = """Traceback (most recent call last):
  File "/srv/shop/bank.py", line 12, in charge
    client.post(order)
    ~~~~~~~~~~~^^^^^^^
KeyError: 'iban'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/views.py", line 9, in pay
shop.PayError: no
  a second line
and a third"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/sync.py", line 7, in main
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/sync.py", line 3, in fetch
    |     raise ValueError(n)
    | ValueError: 1
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/sync.py", line 4, in store
    | OSError: 2
    +------------------------------------"""
JAVA = """Exception in thread "main" shop.PayError: no
\tat shop.Cart.pay(Cart.java:12)
\tSuppressed: java.io.IOException: closed
\t\tat shop.Pool.close(Pool.java:2)
\tCaused by: java.lang.Error: y
\t\tat shop.Pool.end(Pool.java:2)
Caused by: java.sql.SQLException: gone
\tat shop.Db.query(Db.java:99)
\t... 2 more"""
DOTNET = """Shop.PayException: no
 ---> Npgsql.NpgsqlException (0x80004005): failed
 ---> System.Net.Sockets.SocketException (111): refused
   at Shop.Pool.Open() in /src/Pool.cs:line 40
   --- End of inner exception stack trace ---
   at Shop.Db.Query() in /src/Db.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Cart.Pay() in /src/Cart.cs:line 3
--- End of stack trace from previous location ---
   at Shop.Program.Main(String[] args)"""
NODE = """Error: no
    at pay (/srv/app/cart.js:1:2)
    at async main (/srv/app/main.js:3:4) {
  code: 'X',
  [cause]: TypeError: gone
      at charge (/srv/app/bank.js:1:2)
}"""
PHP = """PHP Fatal error:  Uncaught PDOException: gone in /srv/app/Db.php:12
Stack trace:
#0 /srv/app/Db.php(12): PDO->query('SELECT 1')
#1 {main}

Next App\\PayException: no in /srv/app/Cart.php:40
Stack trace:
#0 /srv/app/index.php(3): App\\Cart->pay(Object(App\\Order))
#1 {main}
  thrown in /srv/app/Cart.php on line 40"""
RUBY = """/app/cart.rb:12:in `pay': no (Shop::PayError)
\tfrom /app/main.rb:3:in `<main>'
/app/bank.rb:3:in `block in charge': gone (PG::ConnectionBad)
\tfrom /app/bank.rb:2:in `each'"""
GO = """panic: no

goroutine 34 [running]:
main.pay(0x0)
\t/srv/shop/cart.go:12 +0x1d
created by main.main in goroutine 1
\t/srv/shop/main.go:9 +0x11

goroutine 1 [select]:
main.wait()
\t/srv/shop/wait.go:9 +0x11"""


UNRAISED = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/sync.py", line 7, in main
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | KeyError: 1
      +------------------------------------"""


def read(text: str) -> list[tuple[str, str, list[str]]]:
    return [(item.type, item.value, [frame.function for frame in item.frames]) for item in parse_chain(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PYTHON, [("KeyError", "'iban'", ["charge"]), ("shop.PayError", "no", ["pay"])]),
        (GROUP, [("ValueError", "1", ["fetch"]), ("OSError", "2", ["store"]), ("ExceptionGroup", "several (2 sub-exceptions)", ["main"])]),
        (UNRAISED, [("ValueError", "1", []), ("ExceptionGroup", "inner (1 sub-exception)", []), ("KeyError", "1", []), ("ExceptionGroup", "several (2 sub-exceptions)", ["main"])]),
        (JAVA, [("java.sql.SQLException", "gone", ["shop.Db.query"]), ("shop.PayError", "no", ["shop.Cart.pay"])]),
        (DOTNET, [("System.Net.Sockets.SocketException", "refused", ["Shop.Pool.Open"]), ("Npgsql.NpgsqlException", "failed", ["Shop.Db.Query"]), ("Shop.PayException", "no", ["Shop.Program.Main", "Shop.Cart.Pay"])]),
        (NODE, [("TypeError", "gone", ["charge"]), ("Error", "no", ["main", "pay"])]),
        (PHP, [("PDOException", "gone", ["PDO->query"]), ("App\\PayException", "no", ["App\\Cart->pay"])]),
        (RUBY, [("PG::ConnectionBad", "gone", ["each", "block in charge"]), ("Shop::PayError", "no", ["<main>", "pay"])]),
        (GO, [("panic", "no", ["main.pay"])]),
        ("pay@https://shop.example/app.js:1:2", [("", "", ["pay"])]),
        ("a sentence that is no trace", []),
        ("", []),
    ],
    ids=["python", "group", "unraised", "java", "dotnet", "node", "php", "ruby", "go", "firefox", "prose", "nothing"],
)  # fmt: skip
def test_chains_are_read(text: str, expected: list[tuple[str, str, list[str]]]) -> None:
    """Each language's own marks divide a trace into its errors, with type, message and frames."""
    assert read(text) == expected


def test_members_of_a_group_are_told() -> None:
    """They are no causes: their order and number are chance."""
    assert [item.member for item in parse_chain(GROUP)] == [True, True, False]


def test_a_remembered_trace_reads_the_same() -> None:
    """The memory of frames changes nothing but the time."""
    first, again = parse_chain(PYTHON), parse_chain(PYTHON.replace("'iban'", "'bic'"))
    assert first[0].frames is again[0].frames
    assert again[0].value == "'bic'"
    assert isinstance(first[0], ExceptionInfo)
