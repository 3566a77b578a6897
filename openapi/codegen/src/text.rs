//! Sentences of the document as comments of a language.

/// Where lines end, at the latest where a word allows.
const WIDTH: usize = 110;

/// `send_text` as `Send text`.
pub(crate) fn title(name: &str) -> String {
    let mut words = name.split(['_', ' ', '.', '-']).filter(|it| !it.is_empty());
    let mut title = String::new();
    if let Some(first) = words.next() {
        let mut letters = first.chars();
        title.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        title.push_str(letters.as_str());
    }
    for word in words {
        title.push(' ');
        title.push_str(word);
    }
    title
}

/// Up to the first full stop that ends a sentence, or the first line.
pub(crate) fn first_sentence(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or_default();
    match line.find(". ") {
        Some(end) => &line[..=end],
        None => line,
    }
}

/// Each line behind the indent and the prefix. No newline follows the last.
pub(crate) fn comment(text: &str, prefix: &str, indent: usize) -> String {
    let before = format!("{}{prefix}", " ".repeat(indent));
    let lines = wrap(text, WIDTH.saturating_sub(before.len()));
    lines.iter().map(|line| format!("{before}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A docstring, on one line where it fits.
pub(crate) fn docstring(text: &str, indent: usize) -> String {
    let text = text.replace('\\', r"\\").replace("\"\"\"", r#"\"\"\""#);
    let before = " ".repeat(indent);
    let lines = wrap(&text, WIDTH.saturating_sub(indent + 6));
    match lines.as_slice() {
        // A quote before the closing quotes would be read with them.
        [line] if !line.ends_with('"') => format!("{before}\"\"\"{line}\"\"\""),
        lines => {
            let inner: Vec<_> = lines.iter().map(|line| format!("{before}{line}").trim_end().to_owned()).collect();
            format!("{before}\"\"\"{}\n{before}\"\"\"", inner.join("\n").trim_start())
        }
    }
}

/// A comment of JavaScript's documentation, on one line where it fits.
pub(crate) fn jsdoc(text: &str, indent: usize) -> String {
    let text = text.replace("*/", "*\u{200b}/");
    let before = " ".repeat(indent);
    let lines = wrap(&text, WIDTH.saturating_sub(indent + 7));
    match lines.as_slice() {
        [line] => format!("{before}/** {line} */"),
        lines => {
            let inner: Vec<_> = lines.iter().map(|line| format!("{before} * {line}").trim_end().to_owned()).collect();
            format!("{before}/**\n{}\n{before} */", inner.join("\n"))
        }
    }
}

/// Paragraphs stay apart; lines that begin like a list, a table or code stay as they are.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut joins = false;
    let mut code = false;
    for line in text.trim().lines() {
        let line = line.trim_end();
        let fence = line.trim_start().starts_with("```");
        if fence || code {
            lines.push(line.to_owned());
            code ^= fence;
            joins = false;
            continue;
        }
        if line.is_empty() {
            lines.push(String::new());
            joins = false;
            continue;
        }
        let begins = line.starts_with(['-', '*', '|', '#', '>']) || line.starts_with("  ");
        let mut current = if joins && !begins { lines.pop().unwrap_or_default() } else { String::new() };
        for word in line.split_whitespace() {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
        joins = !begins;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_paragraph_is_wrapped_and_paragraphs_stay_apart() {
        let long = "word ".repeat(40);
        let comment = comment(&format!("{long}\n\nAnother."), "/// ", 4);
        let lines: Vec<_> = comment.lines().collect();
        assert!(lines.iter().all(|it| it.len() <= WIDTH && it.starts_with("    ///")), "{comment}");
        assert_eq!(lines[lines.len() - 2..], ["    ///", "    /// Another."]);
    }

    #[test]
    fn comments_cannot_be_closed_from_inside() {
        assert!(!jsdoc("ends */ here", 0)[3..].strip_suffix("*/").unwrap().contains("*/"));
        assert_eq!(docstring(r#"a """ and \d"#, 0), r#""""a \"\"\" and \\d""""#);
        assert_eq!(docstring("say \"hello\"", 0), "\"\"\"say \"hello\"\n\"\"\"");
    }

    #[test]
    fn a_first_sentence_ends_at_its_full_stop() {
        assert_eq!(first_sentence("One v1.2 thing. Another."), "One v1.2 thing.");
        assert_eq!(first_sentence("No stop\nhere"), "No stop");
    }

    #[test]
    fn a_title_reads_as_a_sentence() {
        assert_eq!(title("send_text"), "Send text");
    }
}
