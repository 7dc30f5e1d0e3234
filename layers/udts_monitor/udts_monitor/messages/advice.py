"""What known failure messages mean, and what to do about them.

Source: UCloud UDTS FAQ. A row matches when the message contains all texts of an alternative, in any case; a
number among them is an error code and stands beside the word error, errno or code.
"""

import re
from dataclasses import dataclass

from udts_monitor.messages.phrases import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Cause and remedy of a known failure.

    Attributes:
        texts: alternatives; of each all parts have to stand in the message.
        en: cause and action in English.
        zh: the same in Chinese.
        restart_enough: the task resumes after the remedy; otherwise a new full load is needed.
    """

    texts: tuple[tuple[str, ...], ...]
    en: str
    zh: str
    restart_enough: bool = True

    def says(self, language: Language) -> str:
        """Cause and action in a language."""
        return self.zh if language is Language.ZH else self.en


# The first row that matches counts: the sharper text stands above the vaguer one.
ADVICE: tuple[Advice, ...] = (
    Advice(
        texts=(("only support ROW format binlog",),),
        en="The source has to write binlog_format=ROW with binlog_row_image=FULL: set both.",
        zh="源库必须使用 binlog_format=ROW 且 binlog_row_image=FULL：请设置这两项。",
        restart_enough=False,
    ),
    Advice(
        # Error 1236 is also a packet that is too large, or two replicas with one id: its words tell which.
        texts=(
            ("1236", "purged"),
            ("1236", "could not find first log file"),
            ("1236", "impossible position"),
            ("purged binary logs",),
        ),
        en="The source purged the binlog the task needs: keep binlogs longer than the full load takes.",
        zh="源库已清除任务所需的 binlog：请将 binlog 保留时间设为长于全量迁移的时间。",
        restart_enough=False,
    ),
    Advice(
        texts=(("featureCompatibilityVersion",),),
        en="The source uses features the target lacks: use a target of the same or a newer MongoDB version.",
        zh="源库使用了目标库不具备的特性：请使用相同或更高版本的 MongoDB 作为目标库。",
        restart_enough=False,
    ),
    Advice(
        texts=(("1292",), ("Incorrect date value",), ("Invalid default value for",)),
        en="The target's sql_mode forbids zero dates: drop NO_ZERO_DATE and NO_ZERO_IN_DATE, "
        "add ALLOW_INVALID_DATES.",
        zh="目标库的 sql_mode 不允许零日期：去掉 NO_ZERO_DATE 和 NO_ZERO_IN_DATE，加上 ALLOW_INVALID_DATES。",
    ),
    Advice(
        texts=(("1040",), ("Too many connections",)),
        en="The database has no connection left: raise its max_connections.",
        zh="数据库连接数已满：请调大 max_connections。",
    ),
    Advice(
        texts=(("row size too large",),),
        en="A row is too large for the target: use innodb_file_format=Barracuda and turn "
        "innodb_strict_mode off there.",
        zh="目标库单行过大：请在目标库使用 innodb_file_format=Barracuda 并关闭 innodb_strict_mode。",
    ),
    Advice(
        texts=(("Column count doesn't match",),),
        en="The source adds a hidden primary key: give every table a primary key.",
        zh="源库存在隐藏主键：请为每张表建立主键。",
    ),
    Advice(
        texts=(("1205",), ("Lock wait timeout",)),
        en="The target is too small for the load: enlarge it.",
        zh="目标库规格过小：请升级目标库。",
    ),
    Advice(
        texts=(("ERR illegal address",),),
        en="The allow-list of the source Redis lacks the address of UDTS: add it.",
        zh="源 Redis 的白名单缺少 UDTS 的地址：请添加。",
    ),
    Advice(
        texts=(("3140",), ("Invalid JSON text",)),
        en="A JSON column that is NOT NULL holds NULL: mend the data or allow NULL at the target.",
        zh="NOT NULL 的 JSON 列中存在 NULL：请修正数据，或在目标库允许 NULL。",
    ),
    Advice(
        texts=(("cursor id", "not found"),),
        en="The source MongoDB closed the cursor: raise cursorTimeoutMillis to a day (86400000).",
        zh="源 MongoDB 关闭了游标：请将 cursorTimeoutMillis 调大到一天（86400000）。",
    ),
    Advice(
        texts=(("1264",), ("Out of range value",)),
        en="A value does not fit the target's column: widen the column or mend the data.",
        zh="数据超出目标列的范围：请放宽列类型或修正数据。",
    ),
    Advice(
        texts=(("1071",), ("Specified key was too long",)),
        en="An index is too long for the target TiDB: raise max-index-length to 12288.",
        zh="索引超出目标 TiDB 的长度限制：请将 max-index-length 调大到 12288。",
    ),
    Advice(
        texts=(("incorrect utf8 value",),),
        en="The target TiDB refuses characters outside UTF-8: set tidb_skip_utf8_check=1.",
        zh="目标 TiDB 拒绝非 UTF-8 字符：请设置 tidb_skip_utf8_check=1。",
    ),
    Advice(
        texts=(("Cannot add foreign key constraint",),),
        en="The two tables of a foreign key have different character sets: make them equal.",
        zh="外键两端的表字符集不同：请改为一致。",
    ),
    Advice(
        texts=(("The table", "is full"), ("No space left on device",)),
        en="The target has no space left: enlarge its disk, or the limit of its MEMORY tables.",
        zh="目标库空间不足：请扩容磁盘，或调大 MEMORY 表的上限。",
    ),
    Advice(
        texts=(("1785",), ("ENFORCE_GTID_CONSISTENCY",)),
        en="A transaction mixes storage engines: convert the tables to InnoDB or turn GTID off there.",
        zh="一个事务混用了存储引擎：请将表转换为 InnoDB，或在目标库关闭 GTID。",
    ),
    Advice(
        texts=(("key too large to index",),),
        en="An index key is too large for the target MongoDB: set failIndexKeyTooLong=false there.",
        zh="索引键超出目标 MongoDB 的限制：请在目标库设置 failIndexKeyTooLong=false。",
    ),
    Advice(
        texts=(("OOM command not allowed",),),
        en="The target Redis is out of memory: enlarge it.",
        zh="目标 Redis 内存不足：请扩容。",
    ),
    Advice(
        texts=(("read error, please check source redis",),),
        en="The source Redis cut the replication off: raise its client-output-buffer-limit for slaves.",
        zh="源 Redis 中断了复制：请调大其 client-output-buffer-limit slave。",
    ),
    Advice(
        texts=(("not authorized on config",), ("listCollections",)),
        en="The user lacks rights at the source MongoDB: grant it the backup role on admin.",
        zh="源 MongoDB 的用户权限不足：请授予 admin 库的 backup 角色。",
    ),
    Advice(
        texts=(("Deadlock found",),),
        en="Parallel writes block each other at the target: set the task's target rate limit to 1.",
        zh="目标库并发写入死锁：请将任务的目标端限速设为 1。",
    ),
    Advice(
        texts=(("log_bin_trust_function_creators",),),
        en="The target refuses functions: turn log_bin_trust_function_creators ON there.",
        zh="目标库拒绝创建函数：请在目标库开启 log_bin_trust_function_creators。",
    ),
)


def advice_for(failed_message: str) -> Advice | None:
    """The first row that matches, None when the message is not known."""
    message = failed_message.lower()
    for advice in ADVICE:
        if any(all(_stands_in(part, message) for part in alternative) for alternative in advice.texts):
            return advice
    return None


def _stands_in(part: str, message: str) -> bool:
    """A code stands there where it is called one, and counts or measures nothing: wrong advice does harm."""
    if not part.isdigit():
        return part.lower() in message
    return any(
        _CALLED_CODE.search(message, max(0, found.start() - _LOOK_BACK), found.start())
        and not _UNIT.match(message, found.end())
        for found in re.finditer(_NUMBER.format(part), message)
    )


# A message is as long as UCloud likes, and each number in it is looked at: none may cost its whole length.
_LOOK_BACK = 16
# Not within a word, an id, a fraction, an address or a larger number.
_NUMBER = r"(?<![a-z0-9_.#-])(?<!\d[,:]){}(?![\w%-]|[.,:]\d)"
_CALLED_CODE = re.compile(
    r"(?:error|errno|(?<![a-z])err|(?<![a-z])code|错误[码号]?|错误代码)(?: (?:no|number|code))?[^\w\n]{0,3}\Z"
)
_UNIT = re.compile(
    r"\s(?:rows?|records?|lines?|chunks?|tables?|times|bytes|[kmg]i?b|m?s|seconds?|minutes?|of \d{1,12})\b"
)
