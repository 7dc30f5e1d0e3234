"""The page that asks for the read token, and the pages that say in one sentence what is wrong."""

from udts_monitor.page.html import element
from udts_monitor.page.look import Look
from udts_monitor.page.overview_page import document


def sign_in_page(look: Look, *, wrong: bool) -> str:
    """A form of one field; it works without a script, and the token never stands in an address."""
    field = element(
        "input", id="token", name="token", type="password", autocomplete="current-password", required=True
    )
    form = element(
        "form",
        element("label", look.say("token"), for_="token"),
        field,
        element("button", look.say("enter"), type="submit"),
        method="post",
        action=look.link() or "./",
    )
    note = element("p", look.say("wrong token"), class_="banner bad", role="alert") if wrong else None
    body = [element("h1", look.say("product")), element("p", look.say("sign in")), note, form]
    return document(look.say("sign in"), body, look)


def sentence_page(look: Look, name: str) -> str:
    """One sentence, and the way back."""
    back = element("p", element("a", look.say("all tasks"), href=look.link()))
    return document(
        look.say(name), [element("h1", look.say("product")), element("p", look.say(name)), back], look
    )
