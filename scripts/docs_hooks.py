"""Lets MkDocs show docstrings' references, such as ``:class:`~srgan.Upscaler```, as code."""

import re


def on_page_content(html: str, **_: object) -> str:
    """Takes the role and the path before a name away."""
    role = r":(?:class|func|meth|data|attr|mod):<code>~?(?:[\w.]*\.)?(\w+)</code>"
    return re.sub(role, r"<code>\1</code>", html)
