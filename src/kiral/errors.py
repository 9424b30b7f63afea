"""Errors that a user can act on. The CLI prints their message and exits with `exit_code`; it never shows a traceback."""


class KiralError(Exception):
    """Base class: the message says where, what was given, what is allowed and what to do."""

    exit_code = 1


class ConfigError(KiralError):
    """A case file, an override or an option is wrong."""

    exit_code = 2


class CheckpointError(KiralError):
    """No usable checkpoint, or one that does not belong to this run."""

    exit_code = 3


class NumericalError(KiralError):
    """The solution left the finite numbers, or the step size collapsed."""

    exit_code = 4


class ProcessError(KiralError):
    """Another process of the same run is gone, failed, or does not answer."""

    exit_code = 6


class ToldError(ProcessError):
    """The first process failed and has said so itself: the others only end."""


class RunFolderError(KiralError):
    """The run folder cannot be used: another case's, in use, read-only, or the disk is full."""

    exit_code = 5
