"""Sentences that people read but that live in Python."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it, which the extractor looks for
    """Mark a sentence for the catalogue. It is translated where it is shown, with ``|translated``.

    ``templates/locale/messages.pot`` is made anew with
    ``pybabel extract -F babel.cfg --ignore-dirs '.*' --no-location --sort-output --project=client-connect -o
    templates/locale/messages.pot .`` (by itself it would leave out ``templates/_base``).
    """
    return text
