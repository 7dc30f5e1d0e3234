"""Languages of texts for people, and texts that exist in each. Texts from outside are only ever put in."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages of texts for people; machine fields are the same in each."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ours, English beside Chinese: a reviewer sees both, and neither can be missing."""

    en: str
    zh: str

    def to(self, language: Language, **values: object) -> str:
        """The text in a language, with the values put in; values it does not name are left out."""
        return (self.zh if language is Language.ZH else self.en).format(**values)


LIST = Text(", ", "，")
NAMES = Text(", ", "、")
LABELLED = Text("{label}: {value}", "{label}：{value}")


def joined(language: Language, *sentences: str) -> str:
    """Sentences as one paragraph; empty ones are left out."""
    return (" " if language is Language.EN else "").join(filter(None, sentences))
