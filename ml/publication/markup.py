"""HTML out of elements: every text is escaped, only what an element made is taken as it is."""

from collections.abc import Iterable, Sequence
from html import escape

_VOID = frozenset({"meta", "rect", "line", "path", "polyline", "wbr"})


class Html(str):
    """Markup that is already escaped."""


Content = str | Html


def element(name: str, /, *content: Content, **attributes: str | float) -> Html:
    """An element; attribute names end in an underscore where Python keeps the word, and have
    underscores for hyphens."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID and not content:
        return Html(f"<{name}{named}/>")
    return Html(f"<{name}{named}>{joined(content)}</{name}>")


def joined(content: Iterable[Content]) -> Html:
    """One after the other, texts escaped."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in content))


def paragraph(text: Content) -> Html:
    """A paragraph."""
    return element("p", text)


def listed(items: Sequence[Content]) -> Html:
    """A list, or a paragraph when there is one item only."""
    if len(items) == 1:
        return paragraph(items[0])
    return element("ul", *(element("li", item) for item in items))


def named(name: str) -> Html:
    """A name that breaks after its underscores alone, where it has to."""
    parts = name.split("_")
    told = [f"{part}_" for part in parts[:-1]]
    return joined([each for part in told for each in (part, element("wbr"))] + [parts[-1]])


def grid(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Content]], **attributes: str
) -> Html:
    """A table that scrolls sideways where it is too wide; the first cell names its row.

    The caption is for those who hear the page: what stands above the table says it to the others.
    Every cell knows its column's name: tables of the class ``stacked`` are lists on a narrow page.
    """
    top = element("tr", *(element("th", name, scope="col") for name in head))
    body = (
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell, data_label=name)
                for name, cell in zip(head[1:], row[1:], strict=True)
            ),
        )
        for row in rows
    )
    made = element(
        "table",
        element("caption", caption),
        element("thead", top),
        element("tbody", *body),
        **attributes,
    )
    return element("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)
