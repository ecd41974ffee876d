"""Checks of login, SqlInfo and metadata, by protocol messages as the JDBC and ODBC drivers send them."""

import flightpb as pb
import pyarrow as pa
import pyarrow.flight as fl
from kit import ARGS, MEMBER, K, Raw, Skip, T, check, ensure, locate, read_ipc_schema, sqlinfo_all, sqlinfo_dict, union_members

# the columns that the protocol defines, exactly
U, I32 = pa.utf8(), pa.int32()
F = pa.field
REF = {
    "CommandGetCatalogs": pa.schema([F("catalog_name", U, False)]),
    "CommandGetDbSchemas": pa.schema([F("catalog_name", U), F("db_schema_name", U, False)]),
    "CommandGetTables": pa.schema([F("catalog_name", U), F("db_schema_name", U), F("table_name", U, False), F("table_type", U, False)]),
    "CommandGetTableTypes": pa.schema([F("table_type", U, False)]),
    "CommandGetPrimaryKeys": pa.schema([F("catalog_name", U), F("db_schema_name", U), F("table_name", U, False),
                                        F("column_name", U, False), F("key_sequence", I32, False), F("key_name", U)]),
}
REF["tables+schema"] = REF["CommandGetTables"].append(F("table_schema", pa.binary(), False))
REF["keys"] = pa.schema([
    F("pk_catalog_name", U), F("pk_db_schema_name", U), F("pk_table_name", U, False), F("pk_column_name", U, False),
    F("fk_catalog_name", U), F("fk_db_schema_name", U), F("fk_table_name", U, False), F("fk_column_name", U, False),
    F("key_sequence", I32, False), F("fk_key_name", U), F("pk_key_name", U), F("update_rule", pa.uint8(), False), F("delete_rule", pa.uint8(), False)])

# SqlInfo code -> expected union member: s string, b bool, i int64, m int32 bitmask, l string list, M int32->list map
SQLINFO = {0: "s", 1: "s", 2: "s", 3: "b", 4: "b", 5: "b", 6: "s", 7: "s", 8: "m", 9: "b", 10: "b", 11: "b", 100: "m", 101: "m",
           500: "b", 501: "b", 502: "b", 503: "m", 504: "s", 505: "m", 506: "b", 507: "m", 508: "l", 509: "l", 510: "l", 511: "l",
           512: "l", 513: "s", 514: "s", 515: "b", 516: "b", 517: "M", 518: "b", 519: "b", 520: "b", 521: "b", 522: "m", 523: "b",
           524: "b", 525: "m", 526: "m", 527: "b", 528: "m", 529: "s", 530: "s", 531: "s", 532: "b", 533: "m", 534: "m", 535: "m",
           536: "b", 537: "b", 538: "m", 539: "b", 540: "m", **{k: "i" for k in range(541, 556)}, 556: "b", **{k: "i" for k in range(557, 562)},
           # an int32 by the comment in FlightSql.proto, but the JDBC and ODBC drivers read a bigint
           562: "i", 563: "b", 564: "m", 565: "b", 566: "b", 567: "m", 568: "m", 569: "m", 570: "m", 571: "m", 572: "b", 573: "b",
           574: "b", 575: "b", 576: "b"}
# read without a default by the JDBC driver up to 18.3 or by flightsql-dbapi
SQLINFO_MUST = [0, 1, 2, 3, 504, 508, 509, 510, 511, 512, 513, 514]
SQLINFO_DBEAVER = SQLINFO_MUST + [505, 506, 507, 515, 516, 517, 518, 519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531, 532, 533,
                                  534, 535, 536, 537, 538, 539, 540, *range(541, 577)]


@check("raw.handshake_basic")
def _():
    if not ARGS.user:
        raise Skip("no --user")
    r = Raw()
    k, v = r.headers[0]
    ensure(k.lower() == b"authorization" and v.startswith(b"Bearer "), f"handshake answered {k!r}: {v[:10]!r}")
    r.sql("select 1")


class Nobody(fl.ClientAuthHandler):
    def authenticate(self, outgoing, incoming):
        pass

    def get_token(self):
        return b""


@check("raw.handshake_with_bearer", "must")
def _():
    """The JDBC driver with token=… sends a handshake with the bearer header before the first query."""
    if not (ARGS.token or ARGS.user):
        raise Skip("server has no auth")
    r = Raw()
    r.c.authenticate(Nobody(), r.opts())


@check("raw.anonymous_bearer_none", "should")
def _():
    """flightsql-dbapi without credentials sends `authorization: Bearer None`; an open server must not mind."""
    if ARGS.token or ARGS.user:
        raise Skip("server has auth")
    r = Raw()
    r.info("CommandStatementQuery", headers=[(b"authorization", b"Bearer None")], query="select 1")


@check("raw.large_headers", "should")
def _():
    """Unknown JDBC URL parameters travel as headers; 12 KiB of them must pass."""
    r = Raw()
    r.info("CommandStatementQuery", headers=[(b"x-filler", b"a" * 12000)], query="select 1")


@check("raw.list_actions", "nice")
def _():
    r = Raw()
    a = sorted(x.type for x in r.c.list_actions(r.opts()))
    ensure("CreatePreparedStatement" in a, str(a))
    return ",".join(a)


@check("raw.sqlinfo_all_union_layout")
def _():
    t = sqlinfo_all(Raw())
    ensure(t.schema.names == ["info_name", "value"] and t.schema.field(0).type == pa.uint32(), str(t.schema)[:200])
    names, codes = union_members(t)
    ensure(names == list(MEMBER) and codes == [0, 1, 2, 3, 4, 5], f"union members {names} codes {codes} (ADBC reads int32_bitmask by position 3)")
    return f"{t.num_rows} entries"


@check("raw.sqlinfo_jdbc_required_keys")
def _():
    d = sqlinfo_dict(sqlinfo_all(Raw()))
    miss = [k for k in SQLINFO_MUST if k not in d]
    ensure(not miss, f"missing SqlInfo {miss}")


@check("raw.sqlinfo_dbeaver_keys", "should")
def _():
    d = sqlinfo_dict(sqlinfo_all(Raw()))
    miss = [k for k in SQLINFO_DBEAVER if k not in d]
    ensure(not miss, f"{len(miss)} of {len(SQLINFO_DBEAVER)} keys DatabaseMetaData reads are missing: {miss[:12]}...")


@check("raw.sqlinfo_value_types")
def _():
    d = sqlinfo_dict(sqlinfo_all(Raw()))
    bad = [(k, v[0], SQLINFO[k]) for k, v in d.items() if k in SQLINFO and v[0] != SQLINFO[k]]
    ensure(not bad, f"(code, got, expected): {bad[:6]}")


@check("raw.sqlinfo_no_unknown_codes")
def _():
    d = sqlinfo_dict(sqlinfo_all(Raw()))
    bad = [k for k in d if k not in SQLINFO]
    ensure(not bad, f"unknown codes {bad}: the JDBC driver fails at codes that it does not know")


@check("raw.sqlinfo_subset", "should")
def _():
    r = Raw()
    ask = sorted(sqlinfo_dict(sqlinfo_all(r)))[:2]
    i, t = r.run("CommandGetSqlInfo", info=ask)
    ensure(sorted(t.column(0).to_pylist()) == ask, f"asked {ask} got {t.column(0).to_pylist()}")


def meta(name, ref, **kw):
    r = Raw()
    i, t = r.run(name, **kw)
    want = REF[ref]
    ensure(i.schema.equals(want), lambda: f"FlightInfo schema {i.schema} != spec {want}")
    ensure(t.schema.equals(want), lambda: f"stream schema {t.schema} != spec {want}")
    return t


@check("raw.catalogs")
def _():
    t = meta("CommandGetCatalogs", "CommandGetCatalogs")
    ensure(t.num_rows, "empty")


@check("raw.schemas_null_catalog")
def _():
    t = meta("CommandGetDbSchemas", "CommandGetDbSchemas")
    ensure(t.num_rows, "no schemas when no catalog is given")
    return str(t.column(1).to_pylist())


@check("raw.tables_null_catalog")
def _():
    t = meta("CommandGetTables", "CommandGetTables")
    ensure(T() in t.column("table_name").to_pylist(), "table missing when no catalog is given")


@check("raw.tables_exact_catalog_schema")
def _():
    r = Raw()
    cat, sch, _t = locate(r)
    i, t = r.run("CommandGetTables", catalog=cat, db_schema_filter_pattern=sch, table_name_filter_pattern="%")
    ensure(T() in t.column("table_name").to_pylist())
    i, t = r.run("CommandGetTables", catalog="no_such_catalog", table_name_filter_pattern="%")
    ensure(t.num_rows == 0, "catalog filter ignored")


@check("raw.tables_escaped_pattern", "should")
def _():
    r = Raw()
    d = sqlinfo_dict(sqlinfo_all(r))
    esc = d.get(513, ("s", "\\"))[1] or "\\"
    pat = T().replace("_", esc + "_")
    i, t = r.run("CommandGetTables", table_name_filter_pattern=pat)
    ensure(T() in t.column("table_name").to_pylist(), f"pattern {pat!r} finds nothing")
    i, t = r.run("CommandGetTables", table_name_filter_pattern=T()[:-1] + esc + "_")
    ensure(T() not in t.column("table_name").to_pylist() or T().endswith("_"), "escaped underscore treated as wildcard")


@check("raw.tables_type_aliases", "must")
def _():
    """DBeaver/Tableau/ODBC ask for TABLE, the Grafana plugin for BASE TABLE or table."""
    r = Raw()
    for ty in (["TABLE"], ["BASE TABLE", "table"], ["TABLE", "VIEW", "SYSTEM TABLE"]):
        i, t = r.run("CommandGetTables", table_types=ty)
        ensure(T() in t.column("table_name").to_pylist(), f"not found with table_types={ty}")


@check("raw.tables_with_schema")
def _():
    t = meta("CommandGetTables", "tables+schema", include_schema=True, table_name_filter_pattern=T())
    s = read_ipc_schema(t.column("table_schema")[0].as_py())
    ensure(K() in s.names, str(s.names))


@check("raw.column_metadata", "should")
def _():
    r = Raw()
    i, t = r.run("CommandGetTables", include_schema=True, table_name_filter_pattern=T())
    s = read_ipc_schema(t.column("table_schema")[0].as_py())
    need = ["ARROW:FLIGHT:SQL:TYPE_NAME", "ARROW:FLIGHT:SQL:TABLE_NAME", "ARROW:FLIGHT:SQL:SCHEMA_NAME", "ARROW:FLIGHT:SQL:CATALOG_NAME"]
    have = {k.decode() for f in s for k in (f.metadata or {})}
    miss = [n for n in need if n not in have]
    ensure(not miss, f"missing {miss}")
    return ",".join(sorted(x.rsplit(":", 1)[-1] for x in have))


@check("raw.table_schema_matches_query", "should")
def _():
    r = Raw()
    i, t = r.run("CommandGetTables", include_schema=True, table_name_filter_pattern=T())
    s = read_ipc_schema(t.column("table_schema")[0].as_py())
    _, q = r.sql(f"select * from {T()} limit 1")
    ensure([(f.name, f.type) for f in s] == [(f.name, f.type) for f in q.schema], "GetTables schema and query schema differ in types")


@check("raw.result_has_no_remarks", "should")
def _():
    """The JDBC driver takes the remarks of a result column for its label."""
    r = Raw()
    i, t = r.sql(f"select * from {T()} limit 1")
    ensure(not any(b"ARROW:FLIGHT:SQL:REMARKS" in (f.metadata or {}) for f in list(t.schema) + list(i.schema)))


@check("raw.table_types")
def _():
    t = meta("CommandGetTableTypes", "CommandGetTableTypes")
    ensure(t.num_rows, "empty")


@check("raw.primary_keys", "must")
def _():
    t = meta("CommandGetPrimaryKeys", "CommandGetPrimaryKeys", table=T())
    return f"{t.num_rows} key column(s)"


for _n, _kw in (("exported", "CommandGetExportedKeys"), ("imported", "CommandGetImportedKeys")):
    def _mk(cmd):
        def f():
            t = meta(cmd, "keys", table=T())
            return f"{t.num_rows} row(s)"
        return f
    check(f"raw.{_n}_keys", "should")(_mk(_kw))


@check("raw.cross_reference", "nice")
def _():
    meta("CommandGetCrossReference", "keys", pk_table=T(), fk_table=T())


@check("raw.xdbc_type_info", "must")
def _():
    # ODBC's SQLGetTypeInfo: the first thing Excel and Power BI ask through the ODBC driver
    r = Raw()
    i, t = r.run("CommandGetXdbcTypeInfo")
    ensure(t.num_columns == 19 and t.num_rows >= 5, f"{t.num_rows} rows, {t.num_columns} columns")
    one = t.column("data_type")[0].as_py()
    i, u = r.run("CommandGetXdbcTypeInfo", data_type=one)
    ensure(set(u.column("data_type").to_pylist()) == {one}, "data_type filter ignored")
    return f"{t.num_rows} types"
