"""What a check says, whether it passes or not."""

from nbann import check


def in_words(judge, *arguments, **options):
    try:
        return judge(*arguments, **options)
    except check.NotYet as verdict:
        return str(verdict)
