//! Reading rows back into the model, and writing what SQL has no type for.

use std::str::FromStr;

use openwa_model::{
    Timestamp,
    store::{Result, StoreError},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Decode, Row as _, Type};

use crate::dialect::{Database, Row};

/// One row of a table, read column by column.
pub(crate) struct Fields<'r> {
    row: &'r Row,
    table: &'static str,
}

impl<'r> Fields<'r> {
    pub(crate) fn of(table: &'static str, row: &'r Row) -> Self {
        Self { row, table }
    }

    pub(crate) fn get<T: Decode<'r, Database> + Type<Database>>(&self, column: &str) -> Result<T> {
        self.row.try_get(column).map_err(|it| self.corrupt(it))
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.get::<i64>(column)? != 0)
    }

    /// A number that is never negative.
    pub(crate) fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T> {
        T::try_from(self.get(column)?).map_err(|_| self.corrupt(format!("{column} is out of range")))
    }

    pub(crate) fn instant(&self, column: &str) -> Result<Timestamp> {
        self.optional_instant(column)?.ok_or_else(|| self.corrupt(format!("{column} is missing")))
    }

    pub(crate) fn optional_instant(&self, column: &str) -> Result<Option<Timestamp>> {
        let millis: Option<i64> = self.get(column)?;
        millis.map(|it| from_millis(it).ok_or_else(|| self.corrupt(format!("{column} is out of range")))).transpose()
    }

    pub(crate) fn parsed<T: FromStr>(&self, column: &str) -> Result<T> {
        self.optional_parsed(column)?.ok_or_else(|| self.corrupt(format!("{column} is missing")))
    }

    pub(crate) fn optional_parsed<T: FromStr>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|it| it.parse().map_err(|_| self.corrupt(format!("{column} is not what it should be")))).transpose()
    }

    /// A word of a closed list.
    pub(crate) fn word<T>(&self, column: &str, of: fn(&str) -> Option<T>) -> Result<T> {
        self.optional_word(column, of)?.ok_or_else(|| self.corrupt(format!("{column} is missing")))
    }

    pub(crate) fn optional_word<T>(&self, column: &str, of: fn(&str) -> Option<T>) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|it| of(it).ok_or_else(|| self.corrupt(format!("{column} has an unknown word")))).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(self.get(column)?).map_err(|it| self.corrupt(it))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|it| serde_json::from_str(it).map_err(|it| self.corrupt(it))).transpose()
    }

    pub(crate) fn corrupt(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Corrupt { table: self.table, source: why.into() }
    }
}

/// Times are kept to the millisecond.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn from_millis(millis: i64) -> Option<Timestamp> {
    // The far end of time means "for good" and has to come back as itself.
    if millis == Timestamp::MAX.as_millisecond() {
        return Some(Timestamp::MAX);
    }
    Timestamp::from_millisecond(millis).ok()
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|it| StoreError::Driver(it.into()))
}

pub(crate) fn optional_json(value: Option<&impl Serialize>) -> Result<Option<String>> {
    value.map(to_json).transpose()
}

pub(crate) fn optional_text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_time_come_back() {
        for at in [Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            assert_eq!(from_millis(millis(at)), Some(at));
        }
        assert!(from_millis(millis(Timestamp::MIN)).is_some());
        assert_eq!(from_millis(i64::MAX), None);
    }
}
