"""Why a check had no answer, by its stable cause: what to say of it, and what a person has to change.

Source: UCloud API reference, RetCode; what each code asks for is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from udts_monitor.messages.phrases import Language, Text
from udts_monitor.text import one_line, truncate

_QUOTE_LIMIT = 200
# Figures and lists that are read beside the checks: their causes begin with one of these words.
METRICS = "metrics"
LISTS = "list"
_QUOTED = Text("{said} ({quote})", "{said}（{quote}）")
_ANSWERED = Text("UCloud answers {cause}", "UCloud 返回 {cause}")
_KEYS = Text("put the right key pair into the secret", "请在 Secret 中填入正确的密钥对")


@dataclass(frozen=True, slots=True)
class Cause:
    """What is known of a cause.

    Attributes:
        what: what happened, None where UCloud's code alone says it.
        step: what a person has to change, None where waiting may help.
    """

    what: Text | None
    step: Text | None = None


CAUSES: Mapping[str, Cause] = {
    "timeout": Cause(Text("UCloud did not answer in time", "UCloud 响应超时")),
    "connection": Cause(Text("the connection to UCloud failed", "与 UCloud 的连接失败")),
    "too large": Cause(Text("UCloud's answer was too large", "UCloud 的响应过大")),
    "not JSON": Cause(Text("UCloud's answer was no JSON", "UCloud 的响应不是 JSON")),
    "no RetCode": Cause(Text("UCloud's answer had no RetCode", "UCloud 的响应缺少 RetCode")),
    "no status": Cause(Text("UCloud's answer had no status", "UCloud 的响应中没有状态")),
    "too many pages": Cause(Text("UCloud's list did not end", "UCloud 的列表没有结束")),
    "certificate": Cause(
        Text("the certificate of the API's address is not valid", "API 地址的证书无效"),
        Text("correct UCLOUD_BASE_URL", "请更正 UCLOUD_BASE_URL"),
    ),
    "no keys": Cause(
        Text("the secret has no usable API keys", "Secret 中没有可用的 API 密钥"),
        Text(
            "check UCLOUD_SECRET_ARN, the function's permission for it and that its value is "
            '{{"public_key": "...", "private_key": "..."}}',
            "请检查 UCLOUD_SECRET_ARN、函数对它的权限，并确认其内容为 "
            '{{"public_key": "...", "private_key": "..."}}',
        ),
    ),
    "keys not readable": Cause(
        Text("the secret with the API keys cannot be read just now", "暂时无法读取 API 密钥的 Secret")
    ),
    "RetCode 160": Cause(
        None,
        Text(
            "correct UCLOUD_BASE_URL: it does not lead to the UCloud API",
            "请更正 UCLOUD_BASE_URL：它没有指向 UCloud API",
        ),
    ),
    "RetCode 161": Cause(
        None,
        Text(
            "correct UCLOUD_BASE_URL: the API there does not know UDTS",
            "请更正 UCLOUD_BASE_URL：该 API 不支持 UDTS",
        ),
    ),
    "RetCode 170": Cause(
        None,
        Text(
            "correct UCLOUD_BASE_URL: something on the way drops the signature",
            "请更正 UCLOUD_BASE_URL：途中有设备丢弃了签名",
        ),
    ),
    "RetCode 171": Cause(
        Text("the private key does not belong to the public key", "私钥与公钥不匹配"), _KEYS
    ),
    "RetCode 172": Cause(Text("the public key is not known", "公钥不存在"), _KEYS),
    "RetCode 174": Cause(Text("the token is not known", "令牌不存在"), _KEYS),
    "RetCode 292": Cause(
        Text("the project does not exist, or the key may not see it", "项目不存在，或密钥无权访问该项目"),
        Text("correct the project of the task", "请更正任务的项目"),
    ),
    "RetCode 293": Cause(
        Text("the key has no permission for the zone", "密钥没有该可用区的权限"),
        Text("extend the key's permissions in UCloud's IAM", "请在 UCloud IAM 中扩大密钥的权限"),
    ),
    "RetCode 294": Cause(
        Text("UCloud refuses the address the call came from", "UCloud 拒绝了调用来源地址"),
        Text(
            "add the address to the allow-list of the account's API keys (a Lambda outside a VPC has "
            "changing addresses)",
            "请将该地址加入账号 API 密钥的白名单（VPC 之外的 Lambda 地址会变化）",
        ),
    ),
    "RetCode 295": Cause(
        Text("the account has a security lock on its API", "账号的 API 已被安全锁定"),
        Text("lift the lock in the console", "请在控制台解除锁定"),
    ),
    "RetCode 299": Cause(
        Text("the key's user may not read UDTS", "密钥所属用户无权读取 UDTS"),
        Text("grant the user UDTS in UCloud's IAM", "请在 UCloud IAM 中授予该用户 UDTS 权限"),
    ),
}
_UNKNOWN = Cause(None)


def bare(cause: str) -> str:
    """The cause without the word that says what was read."""
    for word in (METRICS, LISTS):
        cause = cause.removeprefix(f"{word} ")
    return cause


def is_beside(cause: str) -> bool:
    """Not tasks are out of reach, but figures or lists that are read beside them."""
    return bare(cause) != cause


def cause_text(cause: str, quote: str, language: Language) -> str:
    """What happened, with the code and UCloud's own words where there are any."""
    name = bare(cause)
    what = CAUSES.get(name, _UNKNOWN).what
    code = name.startswith(("RetCode", "HTTP"))
    said = what.to(language) if what else _ANSWERED.to(language, cause=one_line(name))
    notes = [name] if what and code else []
    notes += [truncate(one_line(quote), _QUOTE_LIMIT)] if quote else []
    return _QUOTED.to(language, said=said, quote=": ".join(notes)) if notes else said


def cause_step(cause: str, language: Language) -> str:
    """What a person has to change; empty where waiting may help."""
    step = CAUSES.get(bare(cause), _UNKNOWN).step
    return step.to(language) if step else ""
