// Apache Arrow Flight SQL JDBC driver probe: what DBeaver, Tableau, DataGrip and Dremio-style tools call.
// java --add-opens=java.base/java.nio=ALL-UNNAMED -cp flight-sql-jdbc-driver-18.2.0.jar JdbcProbe.java   (settings by environment)
import java.sql.*;
import java.util.*;

public class JdbcProbe {
    interface Body { String run() throws Exception; }

    static String env(String k) { return System.getenv().getOrDefault(k, ""); }

    static void probe(String level, String name, Body b) {
        try {
            String d = b.run();
            System.out.println("PASS " + level + " " + name + " " + (d == null ? "" : d.replace('\n', ' ')));
        } catch (Throwable t) {
            StringBuilder m = new StringBuilder();
            for (Throwable x = t; x != null && m.length() < 500; x = x.getCause()) m.append(x.getClass().getSimpleName()).append(": ").append(x.getMessage()).append(" | ");
            System.out.println("FAIL " + level + " " + name + " " + m.toString().replace('\n', ' '));
        }
    }

    static void ensure(boolean c, String m) { if (!c) throw new AssertionError(m); }

    static Connection open() throws SQLException {
        Properties p = new Properties();
        if (!env("JDBC_TOKEN").isEmpty()) p.put("token", env("JDBC_TOKEN"));
        else if (!env("JDBC_USER").isEmpty()) { p.put("user", env("JDBC_USER")); p.put("password", env("JDBC_PASSWORD")); }
        return DriverManager.getConnection(env("JDBC_URL"), p);
    }

    static int rows(ResultSet r) throws SQLException { int n = 0; while (r.next()) n++; r.close(); return n; }

    static boolean has(ResultSet r, String col, String want) throws SQLException {
        boolean f = false;
        while (r.next()) f |= want.equals(r.getString(col));
        r.close();
        return f;
    }

    public static void main(String[] a) throws Exception {
        Class.forName("org.apache.arrow.driver.jdbc.ArrowFlightJdbcDriver");
        final String T = env("T_TABLE"), K = env("T_KEY");
        Connection c;
        try { c = open(); } catch (Throwable t) { probe("must", "connect", () -> { throw new Exception(t); }); return; }
        final Connection cn = c;
        final DatabaseMetaData md = cn.getMetaData();
        probe("must", "connect", () -> cn.isValid(5) + " driver " + md.getDriverVersion());
        probe("must", "meta.product", () -> md.getDatabaseProductName() + " " + md.getDatabaseProductVersion());
        probe("must", "meta.strings", () -> md.getIdentifierQuoteString() + "|" + md.getSearchStringEscape() + "|" + md.getSQLKeywords().length() + "|" + md.getNumericFunctions().length() + "|" + md.getStringFunctions().length() + "|" + md.getSystemFunctions().length() + "|" + md.getTimeDateFunctions().length() + "|" + md.getExtraNameCharacters() + "|" + md.getSchemaTerm() + "|" + md.getCatalogTerm());
        probe("must", "meta.all_scalar_getters", () -> {
            List<String> bad = new ArrayList<>();
            for (var m : DatabaseMetaData.class.getMethods()) {
                Class<?> rt = m.getReturnType();
                if (m.getParameterCount() == 0 && (rt == boolean.class || rt == int.class || rt == long.class || rt == String.class)) {
                    try { m.invoke(md); } catch (Throwable t) { bad.add(m.getName() + "=" + (t.getCause() == null ? t : t.getCause())); }
                }
            }
            ensure(bad.isEmpty(), bad.size() + " failing: " + bad.subList(0, Math.min(4, bad.size())));
            return null;
        });
        probe("must", "meta.catalogs", () -> "" + rows(md.getCatalogs()));
        probe("must", "meta.schemas", () -> { int n = rows(md.getSchemas()); ensure(n > 0, "none"); return "" + n; });
        probe("must", "meta.schemas_filtered", () -> "" + rows(md.getSchemas(null, "%")));
        probe("must", "meta.table_types", () -> "" + rows(md.getTableTypes()));
        probe("must", "meta.tables_null", () -> { ensure(has(md.getTables(null, null, "%", null), "TABLE_NAME", T), "table not listed"); return null; });
        probe("must", "meta.tables_TABLE_VIEW", () -> { ensure(has(md.getTables(null, "%", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME", T), "not listed as TABLE/VIEW (Tableau asks this)"); return null; });
        probe("must", "meta.columns", () -> {
            ResultSet r = md.getColumns(null, "%", T, "%");
            StringBuilder s = new StringBuilder();
            boolean k = false;
            while (r.next()) { k |= K.equals(r.getString("COLUMN_NAME")); s.append(r.getString("COLUMN_NAME")).append(':').append(r.getInt("DATA_TYPE")).append('/').append(r.getString("TYPE_NAME")).append(' '); }
            r.close();
            ensure(k, "key column missing: " + s);
            return s.toString();
        });
        probe("should", "meta.primary_keys", () -> "" + rows(md.getPrimaryKeys(null, null, T)));
        probe("should", "meta.imported_keys", () -> "" + rows(md.getImportedKeys(null, null, T)));
        probe("should", "meta.exported_keys", () -> "" + rows(md.getExportedKeys(null, null, T)));
        probe("nice", "meta.cross_reference", () -> "" + rows(md.getCrossReference(null, null, T, null, null, T)));
        probe("nice", "meta.type_info", () -> "" + rows(md.getTypeInfo()));
        probe("nice", "meta.index_info", () -> "" + rows(md.getIndexInfo(null, null, T, false, true)));
        probe("must", "query", () -> {
            try (Statement s = cn.createStatement(); ResultSet r = s.executeQuery("select * from " + T + " order by " + K)) {
                ResultSetMetaData m = r.getMetaData();
                ensure(r.next(), "no rows");
                StringBuilder b = new StringBuilder();
                for (int i = 1; i <= m.getColumnCount(); i++) b.append(m.getColumnLabel(i)).append('/').append(m.getColumnTypeName(i)).append('=').append(r.getObject(i)).append(' ');
                return b.toString();
            }
        });
        probe("must", "empty_result", () -> { try (Statement s = cn.createStatement(); ResultSet r = s.executeQuery("select * from " + T + " where 1=0")) { ensure(!r.next(), "row"); ensure(r.getMetaData().getColumnCount() > 0, "no columns"); return null; } });
        probe("must", "types_getObject_getString", () -> {
            List<String> bad = new ArrayList<>();
            try (Statement s = cn.createStatement(); ResultSet r = s.executeQuery(env("T_TYPES"))) {
                ResultSetMetaData m = r.getMetaData();
                while (r.next()) for (int i = 1; i <= m.getColumnCount(); i++) {
                    try { r.getObject(i); r.getString(i); } catch (Throwable t) { bad.add(m.getColumnName(i) + ": " + t); }
                }
            }
            ensure(bad.isEmpty(), bad.subList(0, Math.min(4, bad.size())).toString());
            return null;
        });
        probe("must", "prepared_long", () -> { try (PreparedStatement p = cn.prepareStatement("select " + K + " from " + T + " where " + K + " = ?")) { p.setLong(1, 3); ResultSet r = p.executeQuery(); ensure(r.next() && r.getLong(1) == 3, "wrong"); return p.getParameterMetaData().getParameterTypeName(1); } });
        probe("must", "prepared_two", () -> { try (PreparedStatement p = cn.prepareStatement("select count(*) from " + T + " where " + K + " >= ? and " + K + " < ?")) { p.setLong(1, 2); p.setLong(2, 5); ResultSet r = p.executeQuery(); ensure(r.next() && r.getLong(1) == 3, "wrong"); return null; } });
        probe("should", "prepared_reexecute", () -> { try (PreparedStatement p = cn.prepareStatement("select " + K + " from " + T + " where " + K + " = ?")) { for (long k = 3; k < 5; k++) { p.setLong(1, k); ResultSet r = p.executeQuery(); ensure(r.next() && r.getLong(1) == k, "wrong " + k); } return null; } });
        probe("should", "prepared_null", () -> { try (PreparedStatement p = cn.prepareStatement("select count(*) from " + T + " where " + K + " = ?")) { p.setNull(1, Types.BIGINT); ResultSet r = p.executeQuery(); ensure(r.next() && r.getLong(1) == 0, "wrong"); return null; } });
        probe("should", "prepared_string_untyped", () -> { try (PreparedStatement p = cn.prepareStatement("select ?")) { p.setString(1, "x"); ResultSet r = p.executeQuery(); ensure(r.next() && "x".equals(r.getString(1)), "wrong"); return null; } });
        probe("should", "prepared_timestamp", () -> {
            // JDBC <= 19 writes epoch MILLISECONDS into whatever timestamp unit parameter_schema announces
            try (PreparedStatement p = cn.prepareStatement("select 1 where timestamp '2026-01-02 03:04:05' = ?")) { p.setTimestamp(1, Timestamp.valueOf("2026-01-02 03:04:05")); ResultSet r = p.executeQuery(); ensure(r.next(), "timestamp parameter off by a unit or a timezone"); return null; }
        });
        probe("should", "max_rows", () -> { try (Statement s = cn.createStatement()) { s.setMaxRows(5); return "" + rows(s.executeQuery("select * from " + T)); } });
        probe("should", "setCatalog", () -> { ResultSet r = md.getCatalogs(); String x = r.next() ? r.getString(1) : null; r.close(); if (x != null) cn.setCatalog(x); return x; });
        probe("should", "error_message", () -> { try (Statement s = cn.createStatement()) { s.executeQuery("select nope from " + T); } catch (SQLException e) { return e.getMessage(); } throw new AssertionError("no error"); });
        probe("should", "cancel", () -> {
            try (Statement s = cn.createStatement()) {
                Thread t = new Thread(() -> { try { Thread.sleep(1500); s.cancel(); } catch (Exception e) { } });
                t.start();
                long t0 = System.currentTimeMillis();
                try { ResultSet r = s.executeQuery(env("T_SLOW")); r.next(); } catch (Throwable x) { }
                return (System.currentTimeMillis() - t0) + " ms";
            }
        });
        if (!env("T_BIG").isEmpty()) probe("must", "big_result", () -> {
            try (Statement s = cn.createStatement(); ResultSet r = s.executeQuery(env("T_BIG"))) { long t0 = System.currentTimeMillis(), n = 0; while (r.next()) n++; ensure(n == Long.parseLong(env("T_BIG_ROWS")), "" + n); return n + " rows " + (System.currentTimeMillis() - t0) + " ms"; }
        });
        if (!env("T_WRITE").isEmpty()) probe("must", "write", () -> {
            String t = env("T_PREFIX") + "jdbc_" + ProcessHandle.current().pid();
            try (Statement s = cn.createStatement()) {
                s.execute("create table " + t + " (a bigint, b varchar)");
                int n = s.executeUpdate("insert into " + t + " values (1,'x')");
                try (PreparedStatement p = cn.prepareStatement("insert into " + t + " values (?, ?)")) {
                    for (int i = 2; i < 5; i++) { p.setLong(1, i); p.setString(2, "s" + i); p.addBatch(); }
                    p.executeBatch();
                }
                ResultSet r = s.executeQuery("select count(*) from " + t);
                r.next();
                long k = r.getLong(1);
                s.execute("drop table " + t);
                ensure(k == 4, k + " rows");
                return "update count " + n;
            }
        });
        probe("should", "close", () -> { cn.close(); return null; });
        System.exit(0);
    }
}
