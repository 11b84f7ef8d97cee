"""The errors awaitify raises on purpose.

Each message names the thing, the place and the next step; the command line prints it and exits with 2.
A problem with one file of many is not an error but a `codemods.model.Problem`: the rest goes on.
"""


class AwaitifyError(Exception):
    """The run cannot go on; the message says what to do."""


class ConfigError(AwaitifyError):
    """The configuration is wrong: an unknown key, a wrong type, a file that cannot be read."""


class PathError(AwaitifyError):
    """A path given by the user does not exist or holds no Python."""


class CheckerError(AwaitifyError):
    """The type checker is missing, of a version awaitify does not know, or its report has another shape."""


class WriteError(AwaitifyError):
    """A change could not be written; nothing was left half written."""
