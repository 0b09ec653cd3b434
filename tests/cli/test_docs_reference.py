"""What scripts write into docs/ from the code is what the code says now."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = runpy.run_path(str(ROOT / "scripts" / "make_reference"))


@pytest.mark.parametrize("page", REFERENCE["PAGES"])
def test_the_reference_is_what_the_program_says(page):
    """If this fails, run scripts/make_reference."""
    written = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert written == REFERENCE["PAGES"][page]()


def test_every_option_that_help_shows_is_in_the_reference():
    import typer

    from srgan.cli.main import app

    text = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name, command in typer.main.get_command(app).commands.items():
        section = text.split(f"\n## srgan {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert f"`{option}" in section or f", {option}" in section or not option.startswith("-")


def test_the_architecture_is_drawn_with_the_dimensions_of_the_code():
    """If this fails, run scripts/draw_architecture."""
    drawing = runpy.run_path(str(ROOT / "scripts" / "draw_architecture"))
    assert (ROOT / "docs/images/architecture.svg").read_text(encoding="utf-8") == drawing["svg"]()


def test_links_lead_to_files_that_are_there():
    """``make docs`` looks at the places inside pages too."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 30
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page}: {target}"


def test_the_site_lists_every_page():
    listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert page.relative_to(ROOT / "docs").as_posix() in listed, page
