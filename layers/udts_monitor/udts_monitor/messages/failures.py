"""Failures that UCloud's FAQ knows: how they are recognised, what they mean and what to change.

Source of every row: UDTS FAQ, the entry of its number. Commands are the FAQ's own; where one could do harm,
the sentence says when.
"""

from dataclasses import dataclass

from udts_monitor.messages.phrases import Text

FAQ = "https://docs.ucloud.cn/udts/faq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Cause and remedy of a known failure.

    Attributes:
        code: stable, for programs.
        faq: number of the entry.
        texts: alternatives; of each all parts have to stand in the message.
        brief: for a watch.
        cause: the end of the sentence "it failed: ...".
        action: what to change, as sentences.
        restart_enough: starting the task is enough then; otherwise it has to load in full again.
    """

    code: str
    faq: int
    texts: tuple[tuple[str, ...], ...]
    brief: Text
    cause: Text
    action: Text
    restart_enough: bool = True

    @property
    def source(self) -> str:
        """Where it is written."""
        return f"UDTS FAQ {self.faq}"


# The first row that matches counts: the sharper text stands above the vaguer one.
FAILURES: tuple[Advice, ...] = (
    Advice(
        code="binlog-format",
        faq=4,
        texts=(("only support ROW format binlog",),),
        brief=Text("binlog_format is not ROW", "binlog_format 不是 ROW"),
        cause=Text("the source does not write its binlog in ROW format.", "源库的 binlog 不是 ROW 格式。"),
        action=Text(
            "At the source SET GLOBAL binlog_format='ROW' and SET GLOBAL binlog_row_image='FULL', "
            "and end the connections that still write the old format.",
            "在源库执行 SET GLOBAL binlog_format='ROW' 和 SET GLOBAL binlog_row_image='FULL'，"
            "并断开仍以原格式写入的连接。",
        ),
        restart_enough=False,
    ),
    Advice(
        code="binlog-purged",
        faq=20,
        # Error 1236 is also a packet that is too large, or two replicas with one id: its words tell which.
        texts=(
            ("1236", "purged"),
            ("1236", "could not find first log file"),
            ("1236", "impossible position"),
            ("purged binary logs",),
        ),
        brief=Text("Error 1236, binlog purged", "错误 1236，binlog 已被清除"),
        cause=Text("the source no longer has the binlog it needs.", "源库已没有任务所需的 binlog。"),
        action=Text(
            "At the source keep binlogs for longer than the full load takes, such as "
            "SET GLOBAL expire_logs_days=15 (never less than now: it deletes older ones at once).",
            "请将源库 binlog 保留时间设为长于全量迁移的时间，例如 SET GLOBAL expire_logs_days=15"
            "（不要小于当前值：更早的 binlog 会立即被删除）。",
        ),
        restart_enough=False,
    ),
    Advice(
        code="feature-compatibility",
        faq=26,
        texts=(("featureCompatibilityVersion",),),
        brief=Text("featureCompatibilityVersion differs", "featureCompatibilityVersion 不一致"),
        cause=Text(
            "the source uses features that the target MongoDB lacks.", "源库使用了目标 MongoDB 不具备的特性。"
        ),
        action=Text(
            "Raise the version or the featureCompatibilityVersion of the target, or remove what it lacks "
            "(views, collations).",
            "请提高目标库的版本或 featureCompatibilityVersion，或移除其不支持的内容（视图、排序规则）。",
        ),
        restart_enough=False,
    ),
    Advice(
        code="zero-dates",
        faq=5,
        texts=(("1292",), ("Incorrect date value",), ("Invalid default value for",)),
        brief=Text("the target refuses zero dates", "目标库不允许零日期"),
        cause=Text("the target's sql_mode forbids zero dates.", "目标库的 sql_mode 不允许零日期。"),
        action=Text(
            "At the target take NO_ZERO_DATE and NO_ZERO_IN_DATE out of sql_mode and add "
            "ALLOW_INVALID_DATES: SET GLOBAL sql_mode='<what is left>,ALLOW_INVALID_DATES'.",
            "在目标库的 sql_mode 中去掉 NO_ZERO_DATE 和 NO_ZERO_IN_DATE，并加上 ALLOW_INVALID_DATES："
            "SET GLOBAL sql_mode='<其余各项>,ALLOW_INVALID_DATES'。",
        ),
    ),
    Advice(
        code="too-many-connections",
        faq=7,
        texts=(("1040",), ("Too many connections",)),
        brief=Text("Error 1040, too many connections", "错误 1040，连接数已满"),
        cause=Text("the database has no connection left.", "数据库连接数已满。"),
        action=Text(
            "Raise the database's max_connections, such as SET GLOBAL max_connections=1000; "
            "no restart of the database is needed.",
            "请调大数据库的 max_connections，例如 SET GLOBAL max_connections=1000，无需重启数据库。",
        ),
    ),
    Advice(
        code="row-size",
        faq=8,
        texts=(("row size too large",),),
        brief=Text("a row is too large for the target", "目标库单行过大"),
        cause=Text("a row is too large for the target.", "目标库单行过大。"),
        action=Text(
            "At the target SET GLOBAL innodb_file_format='Barracuda' (before MySQL 8.0), "
            "innodb_file_per_table=ON and innodb_strict_mode=OFF.",
            "在目标库执行 SET GLOBAL innodb_file_format='Barracuda'（MySQL 8.0 之前）、"
            "innodb_file_per_table=ON 和 innodb_strict_mode=OFF。",
        ),
    ),
    Advice(
        code="hidden-primary-key",
        faq=9,
        texts=(("Column count doesn't match",),),
        brief=Text("a table lacks a primary key", "有表缺少主键"),
        cause=Text("the source adds a hidden primary key to a table.", "源库为某张表加了隐藏主键。"),
        action=Text("Give every table at the source a primary key.", "请在源库为每张表建立主键。"),
    ),
    Advice(
        code="lock-wait",
        faq=10,
        texts=(("1205",), ("Lock wait timeout",)),
        brief=Text("Error 1205, lock wait timeout", "错误 1205，锁等待超时"),
        cause=Text("the target waited too long for a lock.", "目标库等待锁超时。"),
        action=Text(
            "No change is needed first (if it comes back, the target is too small: enlarge it).",
            "无需先做修改（如再次出现，说明目标库规格过小，请升级）。",
        ),
    ),
    Advice(
        code="redis-address",
        faq=12,
        texts=(("ERR illegal address",),),
        brief=Text("the source's allow-list lacks UDTS", "源库白名单缺少 UDTS"),
        cause=Text(
            "the allow-list of the source Redis lacks the address of UDTS.",
            "源 Redis 的白名单缺少 UDTS 的地址。",
        ),
        action=Text(
            "Ask UCloud's support for the address of UDTS and add it to the allow-list.",
            "请向 UCloud 技术支持索取 UDTS 的地址并加入白名单。",
        ),
    ),
    Advice(
        code="json-null",
        faq=13,
        texts=(("3140",), ("Invalid JSON text",)),
        brief=Text("a JSON column holds NULL", "JSON 列中存在 NULL"),
        cause=Text("a JSON column that is NOT NULL holds NULL.", "NOT NULL 的 JSON 列中存在 NULL。"),
        action=Text(
            "Mend the data at the source, or allow NULL at the target: "
            "ALTER TABLE <table> CHANGE <column> <column> JSON NULL.",
            "请修正源库数据，或在目标库允许 NULL：ALTER TABLE <表> CHANGE <列> <列> JSON NULL。",
        ),
    ),
    Advice(
        code="mongo-cursor",
        faq=14,
        texts=(("cursor id", "not found"),),
        brief=Text("MongoDB closed the cursor", "MongoDB 游标已过期"),
        cause=Text("the source MongoDB closed the cursor.", "源 MongoDB 的游标已过期。"),
        action=Text(
            "At the source raise it to a day: "
            'db.adminCommand({{setParameter:1,"cursorTimeoutMillis":86400000}}).',
            '请在源库将其调大到一天：db.adminCommand({{setParameter:1,"cursorTimeoutMillis":86400000}})。',
        ),
    ),
    Advice(
        code="out-of-range",
        faq=15,
        texts=(("1264",), ("Out of range value",)),
        brief=Text("a value is out of range", "数据超出列的范围"),
        cause=Text("a value does not fit the target's column.", "数据超出目标列的范围。"),
        action=Text(
            "Widen the column or mend the data, both at the source.", "请在源库放宽列类型或修正数据。"
        ),
    ),
    Advice(
        code="tidb-key-length",
        faq=18,
        texts=(("1071",), ("Specified key was too long",)),
        brief=Text("Error 1071, an index is too long", "错误 1071，索引过长"),
        cause=Text("an index is too long for the target TiDB.", "索引超出目标 TiDB 的长度限制。"),
        action=Text(
            "Set max-index-length to 12288 in the target TiDB's configuration file.",
            "请在目标 TiDB 的配置文件中将 max-index-length 设为 12288。",
        ),
    ),
    Advice(
        code="tidb-utf8",
        faq=17,
        texts=(("incorrect utf8 value",),),
        brief=Text("the target refuses characters", "目标库拒绝部分字符"),
        cause=Text("the target TiDB refuses characters outside UTF-8.", "目标 TiDB 拒绝非 UTF-8 字符。"),
        action=Text(
            "At the target SET GLOBAL tidb_skip_utf8_check=1.",
            "请在目标库执行 SET GLOBAL tidb_skip_utf8_check=1。",
        ),
    ),
    Advice(
        code="foreign-key",
        faq=19,
        texts=(("Cannot add foreign key constraint",),),
        brief=Text("foreign key between character sets", "外键两端字符集不同"),
        cause=Text(
            "the two tables of a foreign key have different character sets.", "外键两端的表字符集不同。"
        ),
        action=Text(
            "Make the character set equal at the source, such as "
            "ALTER TABLE <table> CONVERT TO CHARACTER SET utf8mb4.",
            "请在源库将字符集改为一致，例如 ALTER TABLE <表> CONVERT TO CHARACTER SET utf8mb4。",
        ),
    ),
    Advice(
        code="disk-full",
        faq=21,
        texts=(("The table", "is full"), ("No space left on device",)),
        brief=Text("the target is full", "目标库空间已满"),
        cause=Text("the target has no space left.", "目标库空间不足。"),
        action=Text(
            "Enlarge the target's disk; for a MEMORY table raise tmp_table_size and max_heap_table_size.",
            "请扩容目标库磁盘；如为 MEMORY 表，请调大 tmp_table_size 和 max_heap_table_size。",
        ),
    ),
    Advice(
        code="gtid-mixed-engines",
        faq=22,
        texts=(("1785",), ("ENFORCE_GTID_CONSISTENCY",)),
        brief=Text("Error 1785, engines are mixed", "错误 1785，混用存储引擎"),
        cause=Text("a transaction mixes storage engines.", "一个事务混用了存储引擎。"),
        action=Text(
            "Convert the tables to InnoDB at the source, or turn GTID off at the target.",
            "请在源库将表转换为 InnoDB，或在目标库关闭 GTID。",
        ),
    ),
    Advice(
        code="mongo-key-length",
        faq=24,
        texts=(("key too large to index",),),
        brief=Text("an index key is too large", "索引键过大"),
        cause=Text("an index key is too large for the target MongoDB.", "索引键超出目标 MongoDB 的限制。"),
        action=Text(
            "At the target (before MongoDB 4.2): "
            'db.adminCommand({{setParameter:1,"failIndexKeyTooLong":false}}).',
            "请在目标库执行（MongoDB 4.2 之前）："
            'db.adminCommand({{setParameter:1,"failIndexKeyTooLong":false}})。',
        ),
    ),
    Advice(
        code="target-memory",
        faq=25,
        texts=(("OOM command not allowed",),),
        brief=Text("the target is out of memory", "目标库内存不足"),
        cause=Text("the target is out of memory.", "目标库内存不足。"),
        action=Text("Enlarge the target.", "请扩容目标库。"),
    ),
    Advice(
        code="redis-buffer",
        faq=27,
        texts=(("read error, please check source redis",),),
        brief=Text("the source cut the replication off", "源库中断了复制"),
        cause=Text(
            "the source Redis cut the replication off: its output buffer is too small.",
            "源 Redis 中断了复制：输出缓冲区过小。",
        ),
        action=Text(
            "At the source: config set client-output-buffer-limit 'slave 536870912 0 0'.",
            "请在源库执行：config set client-output-buffer-limit 'slave 536870912 0 0'。",
        ),
    ),
    Advice(
        code="mongo-rights",
        faq=28,
        texts=(("not authorized on config",), ("listCollections",)),
        brief=Text("the user lacks the backup role", "用户缺少 backup 角色"),
        cause=Text("the user at the source MongoDB lacks rights.", "源 MongoDB 的用户权限不足。"),
        action=Text(
            'At the source: db.grantRolesToUser("<user>",[{{role:"backup",db:"admin"}}]).',
            '请在源库执行：db.grantRolesToUser("<用户>",[{{role:"backup",db:"admin"}}])。',
        ),
    ),
    Advice(
        code="deadlock",
        faq=29,
        texts=(("Deadlock found",),),
        brief=Text("Error 1213, deadlock at the target", "错误 1213，目标库死锁"),
        cause=Text("parallel writes block each other at the target.", "目标库并发写入死锁。"),
        action=Text("Set the task's target rate limit to 1.", "请将任务的目标库限速值设为 1。"),
    ),
    Advice(
        code="function-creators",
        faq=30,
        texts=(("log_bin_trust_function_creators",),),
        brief=Text("the target refuses functions", "目标库拒绝创建函数"),
        cause=Text("the target refuses functions.", "目标库拒绝创建函数。"),
        action=Text(
            'At the target SET GLOBAL log_bin_trust_function_creators="ON".',
            '请在目标库执行 SET GLOBAL log_bin_trust_function_creators="ON"。',
        ),
    ),
)
