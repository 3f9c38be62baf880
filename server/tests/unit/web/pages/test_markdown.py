"""A ticket's Markdown: what clients sent can't leave its block or become a link."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.web.pages.errors.markdown import escaped, fenced


@given(st.text(alphabet="`\n ab", max_size=60))
def test_no_text_ends_its_own_block(text: str) -> None:
    """The fence is longer than every run of backticks inside of it."""
    fence, _, rest = fenced(text).partition("\n")
    inside, _, end = rest.rpartition("\n")
    assert inside == text
    assert end == fence
    assert fence not in text


def test_signs_of_markdown_and_html_mean_nothing() -> None:
    """Links, images, mentions and tags of a stranger stay text."""
    assert escaped("![x](https://evil.example) <b>@all</b> #1") == (
        r"\!\[x\]\(https://evil.example\) \<b\>\@all\</b\> \#1"
    )


def test_a_value_stays_on_its_line() -> None:
    """A line break would begin a heading or a list."""
    assert escaped("a\n# b") == r"a \# b"
