"""Makes MkDocs show references in docstrings, such as ``:class:`~srgan.Upscaler```, as code."""

import re


def on_page_content(html: str, **_: object) -> str:
    """Removes the role and the path before a name."""
    role = r":(?:class|func|meth|data|attr|mod):<code>~?(?:[\w.]*\.)?(\w+)</code>"
    return re.sub(role, r"<code>\1</code>", html)
