//! Functions that tell a client of PostgreSQL about its connection: who it is, where, with which settings.
//!
//! Guarantees: what this database has no idea of (comments by OID, sizes on disk, definitions as text) is NULL, never made up.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;
use chatlake::{CATALOG, DEFAULT_SCHEMA};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use super::SCHEMA;
use crate::settings::{SERVER_VERSION, Settings};

/// The settings of a connection, read while a statement runs.
pub(crate) type SharedSettings = Arc<Mutex<Settings>>;

/// Questions about the user, all answered by its name.
const WHO: [&str; 5] = [
    "current_role",
    "current_user",
    "pg_get_userbyid",
    "session_user",
    "user",
];

/// Texts that this database does not have.
const UNKNOWN_TEXTS: [&str; 9] = [
    "col_description",
    "obj_description",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    "pg_size_pretty",
    "shobj_description",
];

/// Privileges that the library does not know: whoever sees a relation may read it.
const PRIVILEGES: [&str; 3] = [
    "has_column_privilege",
    "has_function_privilege",
    "has_sequence_privilege",
];

/// The functions of a connection of `user`.
pub(super) fn of_connection(user: &str, settings: SharedSettings) -> Vec<Arc<ScalarUDF>> {
    let text = |value: &str| ScalarValue::from(value);
    let version = format!(
        "PostgreSQL {SERVER_VERSION} (Chatlake {})",
        env!("CARGO_PKG_VERSION")
    );
    let mut constants = vec![
        Constant::new("current_catalog", text(CATALOG)),
        Constant::new("current_database", text(CATALOG)),
        Constant::new("current_schema", text(DEFAULT_SCHEMA)),
        Constant::new("pg_is_in_recovery", ScalarValue::from(false)),
        Constant::new("pg_table_size", ScalarValue::Int64(None)),
        Constant::new("version", text(&version)),
    ];
    constants.extend(WHO.map(|name| Constant::new(name, text(user))));
    constants.extend(UNKNOWN_TEXTS.map(|name| Constant::new(name, ScalarValue::Utf8(None))));
    constants.extend(PRIVILEGES.map(|name| Constant::new(name, ScalarValue::from(true))));
    let mut functions: Vec<ScalarUDF> = constants
        .into_iter()
        .map(ScalarUDF::new_from_impl)
        .collect();
    functions.push(ScalarUDF::new_from_impl(CurrentSchemas::new()));
    functions.push(ScalarUDF::new_from_impl(CurrentSetting::new(settings)));
    functions.into_iter().map(Arc::new).collect()
}

/// A function that gives the same value for whatever arguments.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl Constant {
    fn new(name: &'static str, value: ScalarValue) -> Self {
        let any = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
        Self {
            name,
            value,
            signature: Signature::one_of(any, Volatility::Stable),
        }
    }
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

/// `current_schemas(implicit)`: where names without a schema are looked up.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrentSchemas {
    signature: Signature,
}

impl CurrentSchemas {
    fn new() -> Self {
        let signature = Signature::exact(vec![DataType::Boolean], Volatility::Stable);
        Self { signature }
    }

    fn list(with_implicit: bool) -> ScalarValue {
        let names: &[&str] = match with_implicit {
            true => &[SCHEMA, DEFAULT_SCHEMA],
            false => &[DEFAULT_SCHEMA],
        };
        let names = StringArray::from(names.to_vec());
        let list = SingleRowListArrayBuilder::new(Arc::new(names)).build_list_array();
        ScalarValue::List(Arc::new(list))
    }
}

impl ScalarUDFImpl for CurrentSchemas {
    fn name(&self) -> &str {
        "current_schemas"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(Self::list(false).data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let implicit = args
            .args
            .first()
            .map(|argument| argument.to_array(1))
            .transpose()?;
        let implicit =
            implicit.is_some_and(|array| !array.is_null(0) && array.as_boolean().value(0));
        Ok(ColumnarValue::Scalar(Self::list(implicit)))
    }
}

/// `current_setting(name [, missing_ok])`.
#[derive(Debug)]
struct CurrentSetting {
    settings: SharedSettings,
    signature: Signature,
}

impl CurrentSetting {
    fn new(settings: SharedSettings) -> Self {
        let one = TypeSignature::Exact(vec![DataType::Utf8]);
        let two = TypeSignature::Exact(vec![DataType::Utf8, DataType::Boolean]);
        Self {
            settings,
            signature: Signature::one_of(vec![one, two], Volatility::Stable),
        }
    }
}

impl PartialEq for CurrentSetting {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.settings, &other.settings)
    }
}

impl Eq for CurrentSetting {}

impl Hash for CurrentSetting {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.settings).hash(state);
    }
}

impl ScalarUDFImpl for CurrentSetting {
    fn name(&self) -> &str {
        "current_setting"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let missing_ok = args.args.len() > 1;
        let names = ColumnarValue::values_to_arrays(&args.args[..1])?;
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let values = names[0].as_string::<i32>().iter().map(|name| {
            let Some(name) = name else {
                return Ok(None);
            };
            match settings.get(name) {
                Some(value) => Ok(Some(value.to_owned())),
                None if missing_ok => Ok(None),
                None => Err(DataFusionError::Plan(format!("unknown variable `{name}`"))),
            }
        });
        let values: StringArray = values.collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(values)))
    }
}
