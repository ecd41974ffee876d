//! Functions of one row (domain specification §8.8, §9.3). One file each; listed here in
//! alphabetical order. What several of them share lies beside them.
//!
//! Guarantees: NULL in gives NULL out, except in `display_name` and `mrr_range`, and except for a
//! schedule and an `as_of` that are not given and for kinds of findings that were not analysed.

mod business_seconds;
mod change_pct;
mod condition_is_complete;
mod condition_matches;
mod condition_rows;
mod contains_ci;
mod custom_value;
mod display_name;
mod edit_accuracy;
mod in_period;
mod local_day;
mod mrr_range;
mod period_bounds;
mod period_end;
mod period_start;
mod score_mean;
mod sentiment_band;
mod sentiment_label;
mod simple_lower;
mod slug;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// All scalar functions, by name.
pub fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(business_seconds::BusinessSeconds::default().into()),
        Arc::new(change_pct::ChangePct::default().into()),
        Arc::new(condition_is_complete::ConditionIsComplete::default().into()),
        Arc::new(condition_matches::ConditionMatches::default().into()),
        Arc::new(contains_ci::ContainsCi::default().into()),
        Arc::new(custom_value::CustomValue::default().into()),
        Arc::new(display_name::DisplayName::default().into()),
        Arc::new(edit_accuracy::EditAccuracy::default().into()),
        Arc::new(in_period::InPeriod::default().into()),
        Arc::new(local_day::LocalDayOf::default().into()),
        Arc::new(mrr_range::MrrRange::default().into()),
        Arc::new(period_end::PeriodEnd::default().into()),
        Arc::new(period_start::PeriodStart::default().into()),
        Arc::new(score_mean::ScoreMean::default().into()),
        Arc::new(sentiment_band::SentimentBand::default().into()),
        Arc::new(sentiment_label::SentimentLabel::default().into()),
        Arc::new(simple_lower::SimpleLower::default().into()),
        Arc::new(slug::Slug::default().into()),
    ]
}
