//! How answers are shown: tables and lines for people, JSON for programs, colours on a terminal only.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::failure::CommandError;

/// The most of one text that a table or a line shows.
const LONGEST: usize = 120;

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    colours: bool,
}

/// The colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, colours: !json && io::stdout().is_terminal() && wants_colours(|it| std::env::var_os(it)) }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person looks at it.
    pub(crate) fn is_terminal(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// A line of text.
    pub(crate) fn line(self, text: &str) -> Result<(), CommandError> {
        write(format!("{text}\n").as_bytes())
    }

    /// JSON on lines of its own.
    pub(crate) fn document(self, value: &Value) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| unreachable!("a JSON value can be written"));
        self.line(&text)
    }

    /// JSON on one line, one of many.
    pub(crate) fn record(self, value: &Value) -> Result<(), CommandError> {
        self.line(&value.to_string())
    }

    /// What a person is told beside the answer; not for programs.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            // Who closed standard error does not want it.
            _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A table, or this sentence when it has no rows.
    pub(crate) fn table<const N: usize>(
        self,
        head: [&str; N],
        rows: Vec<[String; N]>,
        empty: &str,
    ) -> Result<(), CommandError> {
        if rows.is_empty() {
            self.note(empty);
            return Ok(());
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(head).add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2)).set_cell_alignment(CellAlignment::Left);
        }
        let mut text = String::new();
        for (number, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = if number == 0 { self.paint(Colour::Bold, line) } else { line.to_owned() };
            _ = writeln!(text, "{line}");
        }
        write(text.as_bytes())
    }

    /// The text in a colour, where colours are seen.
    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Bold => 1,
            Colour::Dim => 2,
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Writes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => CommandError::OutputClosed,
        _ => CommandError::System(error),
    })
}

/// See <https://no-color.org>.
fn wants_colours(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> bool {
    let is_set = |name| variable(name).is_some_and(|it| !it.is_empty());
    !is_set("NO_COLOR") && variable("TERM").is_none_or(|it| it != "dumb")
}

/// A text of the JSON as one line for a terminal; "" where there is none.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

/// One line without anything that a terminal would take for a command: names and messages are strangers' texts.
pub(crate) fn shown(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(|it| if is_unsafe(it) { ' ' } else { it }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(it: char) -> bool {
    it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// `2026-10-03T10:00:00.000Z` as `2026-10-03 10:00:00`, in UTC.
pub(crate) fn moment(value: &Value) -> String {
    let text = cell(value);
    let seconds = text.get(..19).unwrap_or(&text);
    seconds.replacen('T', " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_do_not_command_the_terminal() {
        assert_eq!(shown("Ada\x1b[31m\nBob\u{202e}"), "Ada [31m Bob ");
        assert_eq!(shown(&"é".repeat(121)), format!("{}…", "é".repeat(120)));
    }

    #[test]
    fn colours_are_for_those_who_want_them() {
        let with = |pairs: &'static [(&str, &str)]| {
            wants_colours(move |name| pairs.iter().find(|it| it.0 == name).map(|it| it.1.into()))
        };
        assert!(with(&[]) && with(&[("NO_COLOR", ""), ("TERM", "xterm")]));
        assert!(!with(&[("NO_COLOR", "1")]) && !with(&[("TERM", "dumb")]));
    }

    #[test]
    fn a_moment_is_short() {
        assert_eq!(moment(&"2026-10-03T10:00:00.000Z".into()), "2026-10-03 10:00:00");
        assert_eq!(moment(&Value::Null), "");
    }
}
