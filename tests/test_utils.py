"""That the names of werkzeug.utils lead to the functions that the framework itself uses."""

from asyncflask import utils
from asyncflask.dispatch import files
from asyncflask.wrappers import redirects


def test_files_and_redirects():
    """Responses that are files or redirects are found where Werkzeug has them."""
    assert utils.send_file is files.send_file
    assert utils.send_from_directory is files.send_from_directory
    assert utils.redirect is redirects.redirect
    assert utils.append_slash_redirect is redirects.append_slash_redirect
