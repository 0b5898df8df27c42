//! What an application keeps on the portal: texts, and JSON in texts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::value::{DateTime, flag, number};

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The application's, for everybody on the portal. Only an administrator writes them.
    App,
    /// The user's.
    User,
}

impl Owner {
    fn method(self) -> &'static str {
        match self {
            Self::App => "app.option.set",
            Self::User => "user.option.set",
        }
    }
}

/// What an application keeps on a portal, as it was loaded or saved last.
///
/// The portal keeps texts. [`save`](Self::save) writes numbers in digits, truths as `Y` and `N`, lists and maps as JSON;
/// the readers read that back, and what b24jssdk has written.
#[derive(Clone, Debug)]
#[doc(alias = "OptionsManager")]
pub struct Options {
    client: Client,
    owner: Owner,
    values: BTreeMap<String, Value>,
}

impl Options {
    pub(super) fn new(client: &Client, owner: Owner, values: BTreeMap<String, Value>) -> Self {
        Self {
            client: client.clone(),
            owner,
            values,
        }
    }

    /// The names that are kept, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// An option as it is kept; `None` if it is not set.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    #[doc(alias = "getString")]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// A whole number; `None` also for empty text.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is something else.
    #[doc(alias = "getInteger")]
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        self.read(name, "a whole number", number::option::deserialize)
    }

    /// A number; `None` also for empty text.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is something else.
    #[doc(alias = "getFloat")]
    pub fn float(&self, name: &str) -> Result<Option<f64>, Error> {
        self.read(name, "a number", number::option::deserialize)
    }

    /// A truth; `None` also for empty text.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is something else.
    #[doc(alias = "getBoolYN")]
    #[doc(alias = "getBoolNY")]
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        self.read(name, "Y or N", flag::option::deserialize)
    }

    /// A moment; `None` also for empty text.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is something else.
    #[doc(alias = "getDate")]
    pub fn date(&self, name: &str) -> Result<Option<DateTime>, Error> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().map_err(|_| not(name, "a date with its time")))
            .transpose()
    }

    /// A list, a map, or whatever else was saved as JSON; `None` also for empty text.
    ///
    /// # Errors
    /// [`Kind::Answer`](crate::Kind::Answer) if it is no JSON of that type.
    #[doc(alias = "getJsonArray")]
    #[doc(alias = "getJsonObject")]
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let wrong = |error: serde_json::Error| not(name, &format!("what is wanted ({error})"));
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(wrong),
            // An older program may have saved the value itself.
            Some(value) => T::deserialize(value).map(Some).map_err(wrong),
        }
    }

    /// Saves the fields of `changes` over what is kept; other options stay.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) if `changes` is no map or struct, or an empty one; else as any write.
    pub async fn save(&mut self, changes: impl Serialize) -> Result<(), Error> {
        let changes = serde_json::to_value(changes);
        let Ok(Value::Object(changes)) = changes else {
            return Err(Error::usage("options are saved from a map or a struct"));
        };
        let written: BTreeMap<String, Value> = changes
            .into_iter()
            .map(|(name, value)| (name, Value::from(kept(value))))
            .collect();
        if written.is_empty() {
            return Err(Error::usage("there is no option to save"));
        }
        let call = self.client.v2().call(self.owner.method());
        call.param("options", &written).await?;
        self.values.extend(written);
        Ok(())
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        what: &str,
        read: impl FnOnce(&'a Value) -> Result<Option<T>, serde_json::Error>,
    ) -> Result<Option<T>, Error> {
        let value = self.get(name).map(IntoDeserializer::into_deserializer);
        value.map_or(Ok(None), read).map_err(|_| not(name, what))
    }
}

/// As text, for the portal to keep.
fn kept(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => if truth { "Y" } else { "N" }.to_owned(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn not(name: &str, what: &str) -> Error {
    Error::answer(format!("the option {name} is not {what}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Kind;

    fn options(values: Value) -> Options {
        let client = Client::from_webhook("https://acme.bitrix24.com/rest/1/s3cr3t/").unwrap();
        let values = serde_json::from_value(values).unwrap();
        Options::new(&client, Owner::App, values)
    }

    #[test]
    fn what_was_kept_is_read_in_its_type() {
        let options = options(json!({
            "page": "50", "rate": "1.5", "dark": "Y", "light": "N", "since": "2026-01-31T10:00:00+01:00",
            "columns": "[\"id\",\"title\"]", "widths": "{\"id\":4}", "plain": [1, 2], "empty": "", "none": null,
        }));
        assert_eq!(options.integer("page").unwrap(), Some(50));
        assert_eq!(options.float("rate").unwrap(), Some(1.5));
        assert_eq!(options.flag("dark").unwrap(), Some(true));
        assert_eq!(options.flag("light").unwrap(), Some(false));
        assert_eq!(
            options.date("since").unwrap().unwrap().to_string(),
            "2026-01-31T10:00:00+01:00"
        );
        assert_eq!(
            options.json::<Vec<String>>("columns").unwrap().unwrap(),
            ["id", "title"]
        );
        assert_eq!(
            options.json::<Value>("widths").unwrap(),
            Some(json!({ "id": 4 }))
        );
        assert_eq!(options.json::<Vec<u8>>("plain").unwrap(), Some(vec![1, 2]));
        for name in ["empty", "none", "missing"] {
            assert_eq!(options.integer(name).unwrap(), None, "{name}");
            assert_eq!(options.flag(name).unwrap(), None, "{name}");
            assert_eq!(options.date(name).unwrap(), None, "{name}");
            assert_eq!(options.json::<Value>(name).unwrap(), None, "{name}");
        }
        assert_eq!(options.text("empty").as_deref(), Some(""));
        assert_eq!(options.text("none"), None);
    }

    #[test]
    fn what_is_of_another_type_is_an_error_that_names_the_option() {
        let options = options(json!({ "page": "many", "columns": "[1" }));
        for error in [
            options.integer("page").unwrap_err(),
            options.flag("page").unwrap_err(),
            options.date("page").unwrap_err(),
        ] {
            assert_eq!(error.kind(), Kind::Answer);
            assert!(error.to_string().contains("page"), "{error}");
        }
        let error = options.json::<Value>("columns").unwrap_err();
        assert!(error.to_string().contains("columns"), "{error}");
    }
}
