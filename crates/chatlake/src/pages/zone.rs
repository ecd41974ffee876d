//! The time zone in which the pages of a chatbot count days.

use chatlake_types::Permissions;

use super::plan::DEFAULT_ZONE;
use super::tenant::Tenant;
use crate::Result;
use crate::catalog::QueryScope;
use crate::session::Session;

/// IANA name of the zone of a chatbot's account; UTC when the chatbot or account is not registered.
pub(crate) async fn zone_of(
    session: &Session,
    scope: &QueryScope,
    chatbot_id: &str,
) -> Result<String> {
    let registries = session.environment(QueryScope {
        visible: scope.visible.of_chatbot(chatbot_id)?,
        permissions: Permissions::ALL,
        page: None,
        ..scope.clone()
    })?;
    let tenant = Tenant::find(&registries.state, chatbot_id).await?;
    Ok(tenant.timezone.unwrap_or_else(|| DEFAULT_ZONE.to_owned()))
}
