"""A report gets into its issue, whatever its client calls the parts of a stack."""

from typing import Any

import pytest

from holdfast_server.ingest.decode.errors import Report
from holdfast_server.ingest.identify import chain_of, group, grouping_of

STACK = """Traceback (most recent call last):
  File "/srv/shop/bank.py", line 12, in charge
KeyError: 'iban'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/views.py", line 9, in pay
PayError: no"""


def frame(function: str, **more: Any) -> dict[str, Any]:
    return {"function": function, "filename": "shop/bank.py", "lineno": 12, "in_app": True} | more


def types(chain: list[Any]) -> list[tuple[str, list[str], bool]]:
    return [(item.type, [call.function for call in item.frames], item.member) for item in chain]


def test_a_report_is_put_into_its_issue() -> None:
    """Issue, version and culprit; the page asks with the same facts and gets the same group."""
    report = Report(error_type="PayError", message="no", stack=STACK)
    group(report, 1)
    again = Report(error_type="PayError", message="another", stack=STACK.replace("line 9", "line 19"))
    group(again, 1)
    assert report.issue_id == again.issue_id
    assert (report.fingerprint_version, report.culprit) == (2, "shop/views in pay")
    assert [part.type for part in grouping_of(error_type="PayError", message="no", stack=STACK).parts] == [
        "KeyError",
        "PayError",
    ]


def test_a_chain_of_a_sentry_client_is_read() -> None:
    """Cause first; members of a group and what is synthetic are told by the mechanism."""
    sent = [
        {"type": "OSError", "value": "3", "mechanism": {"exception_id": 3, "parent_id": 1}, "frames": [frame("read")]},
        {"type": "KeyError", "value": "2", "mechanism": {"exception_id": 2, "parent_id": 0, "source": "exceptions[1]"}},
        {"type": "ValueError", "value": "1", "mechanism": {"exception_id": 1, "parent_id": 0, "source": "exceptions[0]"}},
        {"type": "ExceptionGroup", "value": "0", "mechanism": {"exception_id": 0, "synthetic": True}, "frames": [frame("run")]},
    ]  # fmt: skip
    chain = chain_of(sent, (), "")
    assert types(chain) == [
        ("OSError", ["read"], True),
        ("KeyError", [], True),
        ("ValueError", [], True),
        ("ExceptionGroup", ["run"], False),
    ]
    assert chain[-1].synthetic


def test_a_chain_of_our_python_client_is_read() -> None:
    """It sends the thrown error's frames, and the errors behind it by their relation."""
    sent = [
        {"errorType": "shop.BankAway", "message": "no", "relation": "cause"},
        {"errorType": "OSError", "message": "gone", "relation": "context"},
    ]
    native = {"function": "Cart.pay", "filename": "shop/cart.py", "lineno": 3, "inApp": True}
    assert types(chain_of(sent, [native], STACK)) == [
        ("OSError", [], False),
        ("shop.BankAway", [], False),
        ("", ["Cart.pay"], False),
    ]


def test_frames_alone_and_text_alone_are_read() -> None:
    """A client's own frames win over the text of the stack."""
    assert types(chain_of((), [frame("pay")], STACK)) == [("", ["pay"], False)]
    assert types(chain_of((), (), STACK)) == [("KeyError", ["charge"], False), ("PayError", ["pay"], False)]
    assert chain_of((), (), "") == []


@pytest.mark.parametrize(
    ("sent", "own"),
    [
        ({"filename": "https://shop.example/assets/vendor-3f2a91bc.js", "in_app": True}, False),
        ({"filename": "https://shop.example/assets/cart-3f2a91bc.js", "in_app": True}, True),
        ({"filename": "https://shop.example/assets/cart-3f2a91bc.js", "inApp": False}, False),
        ({"filename": "flask/app.py", "abs_path": "/x/site-packages/flask/app.py"}, False),
        ({"filename": "shop/app.py", "abs_path": "/srv/shop/app.py"}, True),
        ({"filename": "flask/app.py", "in_app": True}, True),
        ({"module": "java.lang.Thread", "filename": "Thread.java"}, False),
        ({"module": "shop.Cart", "filename": "Cart.java"}, True),
    ],
)
def test_whose_frame_it_is(sent: dict[str, Any], own: bool) -> None:
    """The client's word counts, but for scripts, where clients call everything the page's own; without it the place does."""
    chain = chain_of([{"type": "E", "frames": [{"function": "f"} | sent]}], (), "")
    assert chain[0].frames[-1].in_app == own


def test_a_jvm_without_packages_has_frames_of_its_own() -> None:
    """A client that was told no packages calls nothing the application's: then the names decide."""
    frames = [
        {"module": "org.springframework.Web", "function": "run", "filename": "Web.java", "in_app": False},
        {"module": "shop.Cart", "function": "pay", "filename": "Cart.java", "in_app": False},
    ]
    chain = chain_of([{"type": "E", "frames": frames}], (), "")
    assert [call.in_app for call in chain[0].frames] == [False, True]


@pytest.mark.parametrize("odd", [None, 7, [], {}, "x" * 10_000, [1], {"a": [1]}, True])
def test_odd_parts_are_left_out(odd: Any) -> None:
    """Whatever stands where a word, a number or a list belongs, the report has an issue."""
    report = Report(
        error_type="E",
        message="m",
        exceptions=[
            {"type": odd, "value": odd, "mechanism": odd, "frames": odd, "module": odd},
            {"frames": [odd, {"function": odd, "module": odd, "filename": odd, "lineno": odd, "colno": odd, "in_app": odd}]},
        ],
    )  # fmt: skip
    group(report, 1)
    assert len(report.issue_id) == 32


def test_what_was_read_before_changes_nothing() -> None:
    """Stacks are remembered, and values that are equal in Python read the same: 1 and true, 5000 and 5000.0."""

    def read(own: Any, column: Any) -> Any:
        sent = [{"type": "E", "frames": [frame("t", filename="/js/app.js", in_app=own, colno=column)]}]
        return chain_of(sent, (), "")[0].frames[0]

    assert read(0, 5000.0) == read(False, 5000)
    assert read(True, 5000) == read(1, 5000.0)
    assert read(True, 5000).colno == 5000
    assert read(float("nan"), float("inf")).colno == 0
