//! From a call to a plan.
//!
//! Guarantees: what a page reads is narrowed to its chatbot, which must be in the session's scope, and cut at `as_of`; the
//! columns are those of the header, in its order.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Date32Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use chatlake_analytics::{Library, Page};
use chatlake_functions::period::Window;
use chatlake_functions::zone::{LocalDay, Zone};
use chatlake_types::Permissions;
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::Column;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::scalar::ScalarValue;

use super::calls::PageCall;
use super::facets::{self, FACETS};
use super::listing::{column, listed};
use super::options::{PageOptions, Paging, drill_page, wants_drill};
use super::tenant::Tenant;
use crate::catalog::{PageScope, QueryScope, instant};
use crate::entity_table::visible_rows::VisibleRows;
use crate::permissions::require_page;
use crate::session::{Environment, Session};
use crate::{Error, Result};

/// The option of pages whose response times may follow the account's weekly hours.
const BUSINESS_HOURS: &str = "business_hours";

/// The zone of chatbots whose account is not registered.
pub(super) const DEFAULT_ZONE: &str = "UTC";

/// Plans a call. `paging` overrides what the call says.
pub(crate) async fn plan_call(
    session: &Session,
    scope: &QueryScope,
    call: &PageCall,
    paging: Option<Paging>,
) -> Result<Arc<dyn TableProvider>> {
    let library = Arc::clone(&scope.library);
    let plan = if call.name == FACETS {
        let (page, call, field) = facets::page_of(&library, call)?;
        require_page(scope.permissions, page)?;
        let options = PageOptions::read(page, &call)?;
        let environment = environment(session, scope, page, &options).await?;
        let state = &environment.state;
        let rows = page_rows(state, page, &environment.scope).await?;
        let field = field.as_deref();
        facets::counted(state, page, &rows, &options.conditions, field)
            .and_then(|plan| analyzed(state, plan))?
    } else {
        let page = page_to_plan(&library, call, scope.permissions)?;
        let mut options = PageOptions::read(page, call)?;
        options.paging = paging.unwrap_or(options.paging);
        let environment = environment(session, scope, page, &options).await?;
        let state = &environment.state;
        let rows = page_rows(state, page, &environment.scope).await?;
        let plan = match &page.listing {
            Some(_) => listed(state, page, rows, &options)?,
            None => {
                let shown = options.columns.iter().map(|name| column(name));
                LogicalPlanBuilder::from(rows).project(shown)?.build()?
            }
        };
        analyzed(state, plan)?
    };
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// The page of a call, or its drill page.
fn page_to_plan<'a>(
    library: &'a Library,
    call: &PageCall,
    permissions: Permissions,
) -> Result<&'a Page> {
    let page = library.page(&call.name).ok_or_else(|| {
        Error::Sql(format!(
            "expected the name of a page, found `{}`",
            call.name
        ))
    })?;
    require_page(permissions, page)?;
    if !wants_drill(call)? {
        return Ok(page);
    }
    let drill = drill_page(library, page)?;
    require_page(permissions, drill)?;
    Ok(drill)
}

/// Types that follow from operators and unions are known after analysis.
fn analyzed(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    let analyzer = state.analyzer();
    Ok(analyzer.execute_and_check(plan, state.config_options(), |_, _| {})?)
}

/// What the page's SQL can name: the chatbot's rows up to `as_of`, the window and the options.
async fn environment(
    session: &Session,
    scope: &QueryScope,
    page: &Page,
    options: &PageOptions,
) -> Result<Environment> {
    let visible = match options.chatbot_id.as_str() {
        // a call that is prepared before its chatbot is known: only its columns matter
        "" => VisibleRows::none(),
        chatbot_id => scope.visible.of_chatbot(chatbot_id)?,
    };
    let registries = session.environment(QueryScope {
        visible,
        permissions: Permissions::ALL,
        page: None,
        ..scope.clone()
    })?;
    let tenant = Tenant::find(&registries.state, &options.chatbot_id).await?;
    let as_of_micros = options.as_of_micros.or(scope.as_of_micros);
    let as_of_micros = as_of_micros.unwrap_or(scope.now_micros);
    let zone_name = tenant.timezone.as_deref().unwrap_or(DEFAULT_ZONE);
    let wrong = |error: chatlake_functions::Error| Error::Sql(error.to_string());
    let mut zone = Zone::parse(zone_name).map_err(wrong)?;
    let window = options
        .period
        .resolve(&mut zone, as_of_micros)
        .map_err(wrong)?;
    let today = zone.day_of(as_of_micros).map_err(wrong)?;
    // a page that does not look at single days is spared the making of them
    let days = match page_reads_days(&scope.library, page) {
        true => window.days(&mut zone).map_err(wrong)?,
        false => Vec::new(),
    };
    let visible = registries.scope.visible.clone();
    let account_id = tenant.account_id.as_deref().map(Arc::from);
    let page_scope = PageScope {
        parameters: parameters(options, &tenant, zone_name, &window, today),
        window_days: window_days(&days)?,
    };
    session.environment(QueryScope {
        visible: visible.with_ledger_of(account_id)?,
        permissions: Permissions::ALL,
        as_of_micros: Some(as_of_micros),
        page: Some(page_scope),
        ..scope.clone()
    })
}

/// Does the page's SQL, or a part, name the days of the window?
fn page_reads_days(library: &Library, page: &Page) -> bool {
    let names_days = |sql: &str| sql.contains(chatlake_analytics::WINDOW_DAYS);
    names_days(&page.sql) || library.parts().iter().any(|part| names_days(&part.sql))
}

fn parameters(
    options: &PageOptions,
    tenant: &Tenant,
    zone: &str,
    window: &Window,
    today: LocalDay,
) -> HashMap<String, ScalarValue> {
    let text = |value: &Option<String>| ScalarValue::Utf8(value.clone());
    let mut values = options.own.clone();
    // a schedule that nobody can read stops only those who ask for business hours
    let wants_hours = options.own.get(BUSINESS_HOURS) == Some(&ScalarValue::Boolean(Some(true)));
    let schedule = tenant.schedule.clone().filter(|_| wants_hours);
    for (name, value) in [
        ("account_id", text(&tenant.account_id)),
        ("chatbot_id", ScalarValue::from(options.chatbot_id.as_str())),
        ("inbox_id", text(&options.inbox_id)),
        ("prev_from", instant(window.previous_from_micros)),
        ("prev_to", instant(window.from_micros)),
        ("schedule", ScalarValue::Utf8(schedule)),
        ("timezone", ScalarValue::from(zone)),
        ("today", ScalarValue::Date32(Some(today.day.0))),
        ("win_from", instant(window.from_micros)),
        ("win_to", instant(window.to_micros)),
    ] {
        values.insert(name.to_owned(), value);
    }
    values
}

/// The relation `window_days`.
fn window_days(days: &[LocalDay]) -> Result<Arc<dyn TableProvider>> {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Arc::new(Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        Field::new("day_from", instant.clone(), false),
        Field::new("day_to", instant, false),
    ]));
    let micros = |values: Vec<i64>| TimestampMicrosecondArray::from(values).with_timezone("UTC");
    let dates = days.iter().map(|day| day.day.0);
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(Date32Array::from_iter_values(dates)),
            Arc::new(micros(days.iter().map(|day| day.from_micros).collect())),
            Arc::new(micros(days.iter().map(|day| day.to_micros).collect())),
        ],
    )
    .map_err(DataFusionError::from)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

/// The plan of the page's SQL: its columns and extras by name, without qualifiers.
async fn page_rows(state: &SessionState, page: &Page, scope: &QueryScope) -> Result<LogicalPlan> {
    let plan = state.create_logical_plan(&page.sql).await?;
    let plan = plan.with_param_values(scope.parameters())?;
    let mut shown = Vec::new();
    for wanted in page.columns.iter().chain(&page.extras) {
        let found = plan
            .schema()
            .iter()
            .find(|(_, field)| field.name() == &wanted.name);
        let (qualifier, field) = found.ok_or_else(|| {
            Error::Sql(format!(
                "the SQL of page `{}` does not give its column `{}`",
                page.name, wanted.name
            ))
        })?;
        let found = Column::new(qualifier.cloned(), field.name());
        shown.push(Expr::Column(found).alias(&wanted.name));
    }
    Ok(LogicalPlanBuilder::from(plan).project(shown)?.build()?)
}
