"""``python -m local.catalogue check`` or ``page``."""

import sys

from local.catalogue import check, page


def main(arguments: list[str]) -> int:
    """What to do is the one argument."""
    if arguments == ["check"]:
        wrong = check.complaints() + check.missing()
        print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
        return 1 if wrong else 0
    if arguments == ["page"]:
        page.FILE.write_text(page.page(), "utf-8")
        return 0
    print("python -m local.catalogue check | page", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
