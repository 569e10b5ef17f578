"""Assemble the pages of the site in build/site-pages: `python docs/site`; mkdocs builds from them.

`nox -s docs` does both. Pictures and examples are kept in build/site-cache and made anew when the
code that makes them has changed.
"""

from __future__ import annotations

import shutil

from api_pages import write_api_pages
from command_pages import write_command_pages
from dataset_pages import write_dataset_pages
from gallery import write_gallery
from license_page import write_license_page
from method_pages import write_method_pages
from places import PAGES
from written_pages import copy_written_pages


def main() -> None:
    """Write all pages anew."""
    shutil.rmtree(PAGES, ignore_errors=True)
    copy_written_pages()
    write_command_pages()
    write_api_pages()
    write_license_page()
    write_dataset_pages()
    write_method_pages()
    write_gallery()


if __name__ == "__main__":
    main()
