//! Breaks that are wanted, and said: in `CHANGELOG.md`, under "Unreleased", a section "Breaking" that
//! names the operation, the schema or the kind of event in backticks.
//!
//! ```text
//! ## Unreleased
//!
//! ### Breaking
//!
//! - `listChats` takes no `offset` any more; use `after`.
//! - `SendText.mentions` is a list of objects.
//! ```

use super::Break;

/// Those that the changelog does not name.
pub(crate) fn unnamed(breaks: Vec<Break>, changelog: &str) -> Vec<Break> {
    let section = section(changelog);
    let named: Vec<&str> = section.split('`').skip(1).step_by(2).collect();
    let says = |it: &Break| {
        let below = format!("{}.", it.subject);
        named.iter().any(|name| *name == it.subject || name.starts_with(&below))
    };
    breaks.into_iter().filter(|it| !says(it)).collect()
}

/// The text of the section "Breaking" of what is not released.
fn section(changelog: &str) -> String {
    let heading = |line: &str, marks: &str| {
        line.strip_prefix(marks)
            .map(|it| it.trim_matches(|it: char| it.is_whitespace() || "[]".contains(it)).to_owned())
    };
    let (mut unreleased, mut breaking) = (false, false);
    let mut text = String::new();
    for line in changelog.lines() {
        if let Some(title) = heading(line, "## ") {
            unreleased = title.eq_ignore_ascii_case("unreleased");
            breaking = false;
        } else if let Some(title) = heading(line, "### ") {
            breaking = unreleased && title.eq_ignore_ascii_case("breaking");
        } else if breaking {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- `listChats` is gone.\n- `SendText.text` is \
    longer, see `Reply`.\n\n### Added\n\n- `getChat`\n\n## 0.1.0\n\n### Breaking\n\n- `getGroup`\n";

    #[test]
    fn a_break_is_said_where_its_subject_stands_in_backticks() {
        let of = |subject: &str| Break { subject: subject.to_owned(), what: "it is gone".to_owned() };
        let all = ["listChats", "SendText", "Reply", "getChat", "getGroup", "list", "longer"].map(of).to_vec();
        let left = unnamed(all, CHANGELOG);
        assert_eq!(left, ["getChat", "getGroup", "list", "longer"].map(of));
        assert_eq!(unnamed(vec![of("listChats")], "## Unreleased\n### Breaking\n- `listChats`"), []);
    }
}
