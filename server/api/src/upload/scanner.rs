//! One text field of a JSON object, taken out as the object comes, so that a long one is never held whole.

/// Which field, and the longest key that is compared.
const FIELD: &[u8] = b"base64";

/// Reads an object.
#[derive(Default, Debug)]
pub(super) struct Scanner {
    /// The object, with the field's value empty.
    rest: Vec<u8>,
    depth: usize,
    place: Place,
    /// Whether the next text of the outermost object is a key.
    key_next: bool,
    /// The last key of the outermost object, or as much of it as matters.
    key: Vec<u8>,
    /// How often the field was there.
    taken: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Place {
    /// Outside of texts.
    #[default]
    Between,
    /// In a text that stays.
    Text { is_key: bool, escaped: bool },
    /// In the text that is taken out.
    Field(Escape),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Escape {
    None,
    Begun,
    /// So many digits of a character's number were read.
    Number(u8, u16),
}

impl Scanner {
    /// Reads what comes next; what belongs to the field is added to `field`, as the text it stands for.
    pub(super) fn scan(&mut self, mut bytes: &[u8], field: &mut Vec<u8>) {
        while let [first, behind @ ..] = bytes {
            if self.place == Place::Field(Escape::None) {
                // Most of the bytes of most bodies.
                let plain = bytes.iter().position(|it| matches!(it, b'"' | b'\\')).unwrap_or(bytes.len());
                field.extend_from_slice(&bytes[..plain]);
                bytes = &bytes[plain..];
                if let [first, behind @ ..] = bytes {
                    self.step(*first, field);
                    bytes = behind;
                }
                continue;
            }
            self.step(*first, field);
            bytes = behind;
        }
    }

    /// The object without the field's text, and how often the field was there.
    pub(super) fn into_rest(self) -> (Vec<u8>, usize) {
        (self.rest, self.taken)
    }

    /// How much of it is held.
    pub(super) fn held(&self) -> usize {
        self.rest.len()
    }

    fn step(&mut self, byte: u8, field: &mut Vec<u8>) {
        if let Place::Field(escape) = self.place {
            self.place = self.in_field(escape, byte, field);
            return;
        }
        self.rest.push(byte);
        self.place = match self.place {
            Place::Text { is_key, escaped: true } => {
                self.note_key(is_key, byte);
                Place::Text { is_key, escaped: false }
            }
            Place::Text { is_key, escaped: false } => match byte {
                b'"' => Place::Between,
                _ => {
                    self.note_key(is_key, byte);
                    Place::Text { is_key, escaped: byte == b'\\' }
                }
            },
            Place::Between => self.between(byte),
            Place::Field(_) => self.place,
        };
    }

    fn between(&mut self, byte: u8) -> Place {
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.key_next = self.depth == 1 && byte == b'{';
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 1 => self.key_next = true,
            b'"' if self.depth == 1 && self.key_next => {
                self.key_next = false;
                self.key.clear();
                return Place::Text { is_key: true, escaped: false };
            }
            b'"' if self.depth == 1 && self.key == FIELD => {
                self.taken += 1;
                return Place::Field(Escape::None);
            }
            b'"' => return Place::Text { is_key: false, escaped: false },
            _ => {}
        }
        Place::Between
    }

    fn note_key(&mut self, is_key: bool, byte: u8) {
        // One more than the field's own length is enough to be another one.
        if is_key && self.key.len() <= FIELD.len() {
            self.key.push(byte);
        }
    }

    fn in_field(&mut self, escape: Escape, byte: u8, field: &mut Vec<u8>) -> Place {
        Place::Field(match (escape, byte) {
            (Escape::None, b'"') => {
                self.rest.push(b'"');
                return Place::Between;
            }
            (Escape::None, b'\\') => Escape::Begun,
            (Escape::Begun, b'u') => Escape::Number(0, 0),
            (Escape::Begun, b'n' | b'r' | b't') => {
                field.push(b'\n');
                Escape::None
            }
            (Escape::None | Escape::Begun, byte) => {
                field.push(byte);
                Escape::None
            }
            (Escape::Number(read, value), byte) => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0) as u16;
                let value = value << 4 | digit;
                if read < 3 {
                    Escape::Number(read + 1, value)
                } else {
                    // Whatever is no letter of base64 is refused as such.
                    field.push(u8::try_from(value).unwrap_or(0));
                    Escape::None
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str, size: usize) -> (String, usize, String) {
        let (mut scanner, mut field) = (Scanner::default(), Vec::new());
        for piece in text.as_bytes().chunks(size) {
            scanner.scan(piece, &mut field);
        }
        let (rest, taken) = scanner.into_rest();
        (String::from_utf8(rest).unwrap(), taken, String::from_utf8(field).unwrap())
    }

    #[test]
    fn the_field_is_taken_out_and_nothing_else() {
        for (text, rest, taken, field) in [
            (r#"{"a":1,"base64":"AAAA","b":"x"}"#, r#"{"a":1,"base64":"","b":"x"}"#, 1, "AAAA"),
            (r#" { "base64" : "A\/B\u002b\nC" } "#, r#" { "base64" : "" } "#, 1, "A/B+\nC"),
            (r#"{"base64":null}"#, r#"{"base64":null}"#, 0, ""),
            (r#"{"base64":""}"#, r#"{"base64":""}"#, 1, ""),
            (r#"{"base64":"A","base64":"B"}"#, r#"{"base64":"","base64":""}"#, 2, "AB"),
            (r#"{"base64x":"A"}"#, r#"{"base64x":"A"}"#, 0, ""),
            (r#"{"x":"base64","y":"A"}"#, r#"{"x":"base64","y":"A"}"#, 0, ""),
            (r#"{"x":{"base64":"A"}}"#, r#"{"x":{"base64":"A"}}"#, 0, ""),
            (r#"{"x":["base64","A"],"base64":"B"}"#, r#"{"x":["base64","A"],"base64":""}"#, 1, "B"),
            (r#"{"x":"\"base64\":\"A\"","base64":"B"}"#, r#"{"x":"\"base64\":\"A\"","base64":""}"#, 1, "B"),
            (r#"{"bas\u0065":"A"}"#, r#"{"bas\u0065":"A"}"#, 0, ""),
            (r#"["base64","A"]"#, r#"["base64","A"]"#, 0, ""),
            (r#"{"base64":"AAA"#, r#"{"base64":""#, 1, "AAA"),
            ("nonsense", "nonsense", 0, ""),
            ("", "", 0, ""),
        ] {
            for size in [1, 2, 3, 7, 1000] {
                let expected = (rest.to_owned(), taken, field.to_owned());
                assert_eq!(scanned(text, size), expected, "{text} by {size}");
            }
        }
    }

    #[test]
    fn what_is_left_is_json_where_the_whole_was() {
        for text in [r#"{"a":[1,{"base64":"x"}],"base64":"A\"B","c":"ü"}"#, r#"{"base64":{"a":"b"},"c":1}"#] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
            assert!(serde_json::from_str::<serde_json::Value>(&scanned(text, 2).0).is_ok(), "{text}");
        }
    }
}
