"""The functions of `werkzeug.utils` that applications use, gathered from where they are at home."""

from .dispatch.files import send_file as send_file
from .dispatch.files import send_from_directory as send_from_directory
from .filenames import secure_filename as secure_filename
from .imports import ImportStringError as ImportStringError
from .imports import find_modules as find_modules
from .imports import import_string as import_string
from .properties import cached_property as cached_property
from .properties import header_property as header_property
from .wrappers.content_type import get_content_type as get_content_type
from .wrappers.redirects import append_slash_redirect as append_slash_redirect
from .wrappers.redirects import redirect as redirect
