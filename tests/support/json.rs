//! As much of JSON as test vectors need, strictly read: whole numbers, no `\u` escapes.

/// A value.
pub enum Json {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// A file's value.
    pub fn file(path: &std::path::Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut rest = bytes.as_slice();
        let value = read(&mut rest);
        assert!(peek(&mut rest).is_none(), "something follows the value");
        value
    }

    pub fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => panic!("not a list"),
        }
    }

    pub fn fields(&self) -> &[(String, Json)] {
        match self {
            Self::Object(fields) => fields,
            _ => panic!("not an object"),
        }
    }

    pub fn at(&self, key: &str) -> &Json {
        let found = self.fields().iter().find(|(name, _)| name == key);
        &found.unwrap_or_else(|| panic!("no field {key}")).1
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => panic!("not a string"),
        }
    }

    pub fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            _ => panic!("not a number"),
        }
    }

    /// The bytes that a string of hexadecimal digits stands for.
    pub fn bytes(&self) -> Vec<u8> {
        let hex = self.text().as_bytes();
        assert!(hex.len().is_multiple_of(2), "half a byte");
        let digit = |c: u8| (c as char).to_digit(16).expect("hexadecimal") as u8;
        hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }
}

fn peek(rest: &mut &[u8]) -> Option<u8> {
    *rest = rest.trim_ascii_start();
    rest.first().copied()
}

fn take(rest: &mut &[u8], byte: u8) -> bool {
    let there = peek(rest) == Some(byte);
    if there {
        *rest = &rest[1..];
    }
    there
}

fn word(rest: &mut &[u8], word: &str, value: Json) -> Json {
    *rest = rest.strip_prefix(word.as_bytes()).expect(word);
    value
}

fn quoted(rest: &mut &[u8]) -> String {
    assert!(take(rest, b'"'), "a string");
    let end = rest.iter().position(|byte| *byte == b'"').expect("the end of a string");
    let text = std::str::from_utf8(&rest[..end]).expect("UTF-8").to_owned();
    assert!(!text.contains('\\'), "an escape");
    *rest = &rest[end + 1..];
    text
}

fn read(rest: &mut &[u8]) -> Json {
    match peek(rest).expect("a value") {
        b'{' => {
            take(rest, b'{');
            let mut fields = Vec::new();
            while !take(rest, b'}') {
                assert!(fields.is_empty() || take(rest, b','), "a comma");
                let key = quoted(rest);
                assert!(take(rest, b':'), "a colon");
                fields.push((key, read(rest)));
            }
            Json::Object(fields)
        }
        b'[' => {
            take(rest, b'[');
            let mut items = Vec::new();
            while !take(rest, b']') {
                assert!(items.is_empty() || take(rest, b','), "a comma");
                items.push(read(rest));
            }
            Json::List(items)
        }
        b'"' => Json::Text(quoted(rest)),
        b'n' => word(rest, "null", Json::Null),
        b't' => word(rest, "true", Json::Bool(true)),
        b'f' => word(rest, "false", Json::Bool(false)),
        _ => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, after) = rest.split_at(end);
            *rest = after;
            Json::Number(std::str::from_utf8(digits).expect("digits").parse().expect("a number"))
        }
    }
}
