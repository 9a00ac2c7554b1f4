"""The explanation, in debug mode, of why a form's files have not come. For Request.files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..datastructures import FileStorage, MultiDict


class DebugFilesKeyError(KeyError, AssertionError):
    """A file is missing because its form is not sent as multipart/form-data."""

    def __init__(self, key: str, mimetype: str, names: list[str]) -> None:
        self.msg = (
            f"request.files has no file {key!r}, because the form was sent as {mimetype!r} and not"
            " as 'multipart/form-data', so that no file contents were transmitted. Put"
            ' enctype="multipart/form-data" into the <form> tag.'
        )
        if names:
            submitted = ", ".join(repr(name) for name in names)
            self.msg += (
                f" The browser sent the names of files instead. This was submitted: {submitted}"
            )
        super().__init__(self.msg)

    # KeyError's own would show the message as a quoted string.
    def __str__(self) -> str:
        return self.msg


def explain_missing_files(
    files: MultiDict[str, FileStorage], form: MultiDict[str, str], mimetype: str
) -> MultiDict[str, FileStorage]:
    """Return empty `files` that raise DebugFilesKeyError for a key that `form` has."""
    storage_class: Any = type(files)

    class ExplainingFiles(storage_class):  # type: ignore[misc]  # whatever class the app chose
        def __getitem__(self, key: str) -> FileStorage:
            try:
                return super().__getitem__(key)  # type: ignore[no-any-return]  # see the class
            except KeyError as exc:
                if key not in form:
                    raise
                raise DebugFilesKeyError(key, mimetype, form.getlist(key)) from exc

    ExplainingFiles.__name__ = ExplainingFiles.__qualname__ = storage_class.__name__
    return ExplainingFiles()
