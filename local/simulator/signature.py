"""UCloud's request signature, written from its documentation and from nothing else.

Source: UCloud API reference, "Signature algorithm".
"""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal


def text_of(value: object) -> str:
    """Booleans in lower case, whole floats as integers, no float in scientific notation."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
    return str(value)


def flat(parameters: Mapping[str, object]) -> dict[str, str]:
    """Nested JSON parameters become `Disks.0.Size`; null means the parameter was not given."""
    return dict(_leaves("", parameters))


def signature_of(parameters: Mapping[str, object], private_key: str) -> str:
    """SHA-1 over names and values in the order of the names, then the private key; lower-case hex."""
    signed = {name: text for name, text in flat(parameters).items() if name != "Signature"}
    joined = "".join(name + signed[name] for name in sorted(signed))
    # UCloud prescribes SHA-1; the key is appended, so its known collisions do not matter here.
    return hashlib.sha1((joined + private_key).encode(), usedforsecurity=False).hexdigest()


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping():
            for key, inner in value.items():
                yield from _leaves(f"{name}.{key}" if name else str(key), inner)
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from _leaves(f"{name}.{index}", inner)
        case _:
            yield name, text_of(value)
