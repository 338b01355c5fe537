//! MessagePack with msgpackr's "records": how pnpm encodes a row of `index.db`.
//!
//! An object is written once as a definition (`d4 72 <slot>`, then its field names) and from then on as the bare
//! slot byte, 0x40 to 0x7f; so once a definition was seen, a small integer never stands as one of these bytes.
//! Reading is for hostile bytes: depth, counts and lengths are bounded by what is there.

use std::ops::Range;

const DEFINITION: [u8; 2] = [0xd4, 0x72];
const FIRST_SLOT: u8 = 0x40;
const LAST_SLOT: u8 = 0x7f;
const DEEPEST: usize = 64;

/// Bytes that are no row.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("broken record at byte {at}: {what}")]
pub struct RecordError {
    at: usize,
    what: &'static str,
}

/// Writes values one after another.
#[derive(Debug, Default)]
pub struct RecordWriter {
    bytes: Vec<u8>,
    shapes: Vec<Vec<String>>,
}

impl RecordWriter {
    /// A writer of what comes after what was read: slots that are taken there stay as they are.
    pub fn after(reader: &RecordReader<'_>) -> Self {
        let taken = reader.definitions.iter().map(|(slot, _)| usize::from(slot - FIRST_SLOT) + 1).max();
        // No object has a field without a name.
        Self { bytes: Vec::new(), shapes: vec![vec![String::new()]; taken.unwrap_or_default()] }
    }

    /// Writes an object with these fields, whose values `value` writes, each called with the field's position.
    pub fn object(&mut self, fields: &[&str], mut value: impl FnMut(&mut Self, usize)) {
        // pnpm 12 takes a plain map for an object, should the slots ever run out.
        let as_record = self.record(fields);
        if !as_record {
            self.map(fields.len());
        }
        for (position, field) in fields.iter().enumerate() {
            if !as_record {
                self.text(field);
            }
            value(self, position);
        }
    }

    /// Begins a record; false, and nothing written, when all slots are taken.
    fn record(&mut self, fields: &[&str]) -> bool {
        let slot_of = |index: usize| u8::try_from(index).ok().and_then(|index| FIRST_SLOT.checked_add(index));
        let known =
            self.shapes.iter().position(|shape| shape.iter().map(String::as_str).eq(fields.iter().copied()));
        if let Some(slot) = known.and_then(slot_of) {
            self.bytes.push(slot);
        } else if let Some(slot) = slot_of(self.shapes.len()).filter(|slot| *slot <= LAST_SLOT) {
            self.bytes.extend_from_slice(&DEFINITION);
            self.bytes.push(slot);
            self.array(fields.len());
            for field in fields {
                self.text(field);
            }
            self.shapes.push(fields.iter().map(|&field| field.to_owned()).collect());
        } else {
            return false;
        }
        true
    }

    /// Begins a map of so many pairs.
    pub fn map(&mut self, length: usize) {
        self.header(length, 0x80, 15, 0xde, 0xdf);
    }

    /// Begins an array of so many values.
    pub fn array(&mut self, length: usize) {
        self.header(length, 0x90, 15, 0xdc, 0xdd);
    }

    fn header(&mut self, length: usize, fixed: u8, fixed_limit: usize, short: u8, long: u8) {
        if length <= fixed_limit {
            self.bytes.push(fixed | u8::try_from(length).unwrap_or_default());
        } else if let Ok(length) = u16::try_from(length) {
            self.bytes.push(short);
            self.bytes.extend_from_slice(&length.to_be_bytes());
        } else {
            self.bytes.push(long);
            self.bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
    }

    /// Writes a string.
    pub fn text(&mut self, text: &str) {
        let length = text.len();
        if length < 32 {
            self.bytes.push(0xa0 | u8::try_from(length).unwrap_or_default());
        } else if let Ok(length) = u8::try_from(length) {
            self.bytes.extend_from_slice(&[0xd9, length]);
        } else if let Ok(length) = u16::try_from(length) {
            self.bytes.push(0xda);
            self.bytes.extend_from_slice(&length.to_be_bytes());
        } else {
            self.bytes.push(0xdb);
            self.bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { 0xc3 } else { 0xc2 });
    }

    /// Writes an integer in its shortest form that is not taken for a slot.
    pub fn unsigned(&mut self, value: u64) {
        match value {
            0..0x40 => self.bytes.push(u8::try_from(value).unwrap_or_default()),
            0x40..0x100 => self.bytes.extend_from_slice(&[0xcc, u8::try_from(value).unwrap_or_default()]),
            0x100..0x1_0000 => self.wide(0xcd, &u16::try_from(value).unwrap_or_default().to_be_bytes()),
            0x1_0000..0x1_0000_0000 => {
                self.wide(0xce, &u32::try_from(value).unwrap_or_default().to_be_bytes());
            }
            _ => self.wide(0xcf, &value.to_be_bytes()),
        }
    }

    /// Writes a 64-bit float.
    pub fn float(&mut self, value: f64) {
        self.wide(0xcb, &value.to_be_bytes());
    }

    fn wide(&mut self, marker: u8, bytes: &[u8]) {
        self.bytes.push(marker);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a JSON value; its objects become records.
    pub fn json(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::Null => self.bytes.push(0xc0),
            serde_json::Value::Bool(value) => self.boolean(*value),
            serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => self.unsigned(value),
                (None, Some(value)) => self.wide(0xd3, &value.to_be_bytes()),
                (None, None) => self.float(number.as_f64().unwrap_or_default()),
            },
            serde_json::Value::String(text) => self.text(text),
            serde_json::Value::Array(values) => {
                self.array(values.len());
                for value in values {
                    self.json(value);
                }
            }
            serde_json::Value::Object(object) => {
                let (fields, values): (Vec<&str>, Vec<_>) =
                    object.iter().map(|(field, value)| (field.as_str(), value)).unzip();
                self.object(&fields, |writer, position| writer.json(values[position]));
            }
        }
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// What stands at the reader's place.
#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    /// An object: its field names, whose values follow in this order.
    Record(usize),
    /// A map of so many pairs.
    Map(usize),
    /// An array of so many values.
    Array(usize),
    /// A string: where its bytes, checked to be UTF-8, lie.
    Text(Range<usize>),
    /// A number.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// Null.
    Null,
    /// Bytes, or an extension, skipped.
    Other,
}

/// Reads values one after another.
#[derive(Debug)]
pub struct RecordReader<'a> {
    bytes: &'a [u8],
    at: usize,
    definitions: Vec<(u8, Vec<Range<usize>>)>,
}

impl<'a> RecordReader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, definitions: Vec::new() }
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text at a place that [`Head::Text`] told.
    pub fn text(&self, range: &Range<usize>) -> &'a str {
        self.bytes.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// The bytes of the text at a place that [`Head::Text`] told. They were checked when it was read.
    pub fn raw(&self, range: &Range<usize>) -> &'a [u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// How many fields the definition has that [`Head::Record`] told.
    pub fn field_count(&self, definition: usize) -> usize {
        self.definitions[definition].1.len()
    }

    /// The name of a field of that definition; empty when a later definition took its slot and is shorter.
    pub fn field(&self, definition: usize, index: usize) -> Range<usize> {
        self.definitions[definition].1.get(index).cloned().unwrap_or(0..0)
    }

    /// Where the bytes of the 64-bit float lie that was just read; `None` if something else was.
    pub fn float_position(&self) -> Option<usize> {
        let position = self.at.checked_sub(8)?;
        (*self.bytes.get(position.checked_sub(1)?)? == 0xcb).then_some(position)
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, RecordError> {
        Err(RecordError { at: self.at, what })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return self.fail("it ends too early");
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn unsigned(&mut self, length: usize) -> Result<u64, RecordError> {
        Ok(self.take(length)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length(&mut self, length: usize) -> Result<usize, RecordError> {
        let value = self.unsigned(length)?;
        // Each thing counted takes a byte at least.
        match usize::try_from(value) {
            Ok(count) if count <= self.bytes.len() => Ok(count),
            _ => self.fail("a length exceeds the row"),
        }
    }

    fn text_of(&mut self, length: usize) -> Result<Head, RecordError> {
        let start = self.at;
        let bytes = self.take(length)?;
        // Nearly every string is, and to see that takes a fraction of the time.
        if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
            return self.fail("a string is not UTF-8");
        }
        Ok(Head::Text(start..self.at))
    }

    fn skip_bytes(&mut self, length: usize) -> Result<Head, RecordError> {
        self.take(length)?;
        Ok(Head::Other)
    }

    /// Reads the next value, or only its head if it holds others.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes and times fit a float's 53 bits; no other number is used"
    )]
    pub fn next(&mut self) -> Result<Head, RecordError> {
        let marker = self.take(1)?[0];
        if (FIRST_SLOT..=LAST_SLOT).contains(&marker)
            && let Some(index) = self.definitions.iter().position(|(slot, _)| *slot == marker)
        {
            return Ok(Head::Record(index));
        }
        match marker {
            0x00..=0x7f => Ok(Head::Number(f64::from(marker))),
            0x80..=0x8f => Ok(Head::Map(usize::from(marker & 15))),
            0x90..=0x9f => Ok(Head::Array(usize::from(marker & 15))),
            0xa0..=0xbf => self.text_of(usize::from(marker & 31)),
            0xc0 => Ok(Head::Null),
            0xc2 => Ok(Head::Boolean(false)),
            0xc3 => Ok(Head::Boolean(true)),
            0xc4..=0xc6 => {
                let length = self.length(1 << (marker - 0xc4))?;
                self.skip_bytes(length)
            }
            0xc7..=0xc9 => {
                let length = self.length(1 << (marker - 0xc7))?;
                self.skip_bytes(length + 1)
            }
            0xca => {
                let bits = u32::try_from(self.unsigned(4)?).unwrap_or_default();
                Ok(Head::Number(f64::from(f32::from_bits(bits))))
            }
            0xcb => Ok(Head::Number(f64::from_bits(self.unsigned(8)?))),
            0xcc..=0xcf => Ok(Head::Number(self.unsigned(1 << (marker - 0xcc))? as f64)),
            0xd0..=0xd3 => {
                let length = 1 << (marker - 0xd0);
                let unused = 64 - 8 * u32::try_from(length).unwrap_or(8);
                let value = (self.unsigned(length)? << unused).cast_signed() >> unused;
                Ok(Head::Number(value as f64))
            }
            0xd4 if self.bytes.get(self.at) == Some(&DEFINITION[1]) => self.definition(),
            0xd4..=0xd8 => self.skip_bytes((1 << (marker - 0xd4)) + 1),
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                self.text_of(length)
            }
            0xdc | 0xdd => Ok(Head::Array(self.length(2 << (marker - 0xdc))?)),
            0xde | 0xdf => Ok(Head::Map(self.length(2 << (marker - 0xde))?)),
            0xe0..=0xff => Ok(Head::Number(f64::from(marker.cast_signed()))),
            0xc1 => self.fail("an unknown marker"),
        }
    }

    fn definition(&mut self) -> Result<Head, RecordError> {
        let slot = self.take(2)?[1];
        if !(FIRST_SLOT..=LAST_SLOT).contains(&slot) {
            return self.fail("a record's slot is out of range");
        }
        let Head::Array(count) = self.next()? else {
            return self.fail("a record's field names are no list");
        };
        let mut fields = Vec::new();
        for _ in 0..count {
            let Head::Text(range) = self.next()? else {
                return self.fail("a record's field name is no string");
            };
            fields.push(range);
        }
        if let Some(index) = self.definitions.iter().position(|(known, _)| *known == slot) {
            self.definitions[index].1 = fields;
            return Ok(Head::Record(index));
        }
        self.definitions.push((slot, fields));
        Ok(Head::Record(self.definitions.len() - 1))
    }

    /// Reads the next value whole. Binary values become null.
    pub fn json(&mut self) -> Result<serde_json::Value, RecordError> {
        let head = self.next()?;
        self.json_of(head, 0)
    }

    fn json_of(&mut self, head: Head, depth: usize) -> Result<serde_json::Value, RecordError> {
        if depth > DEEPEST {
            return self.fail("it is nested too deeply");
        }
        Ok(match head {
            Head::Null | Head::Other => serde_json::Value::Null,
            Head::Boolean(value) => value.into(),
            Head::Number(value) => value.into(),
            Head::Text(range) => self.text(&range).into(),
            Head::Array(count) => {
                let mut values = Vec::new();
                for _ in 0..count {
                    let head = self.next()?;
                    values.push(self.json_of(head, depth + 1)?);
                }
                values.into()
            }
            Head::Record(definition) => {
                let mut object = serde_json::Map::new();
                for index in 0..self.field_count(definition) {
                    let key = self.field(definition, index);
                    let head = self.next()?;
                    object.insert(self.text(&key).to_owned(), self.json_of(head, depth + 1)?);
                }
                object.into()
            }
            Head::Map(pairs) => {
                let mut object = serde_json::Map::new();
                for _ in 0..pairs {
                    let Head::Text(key) = self.next()? else {
                        return self.fail("a key is no string");
                    };
                    let head = self.next()?;
                    object.insert(self.text(&key).to_owned(), self.json_of(head, depth + 1)?);
                }
                object.into()
            }
        })
    }

    /// Passes over the next value, whatever it holds.
    pub fn skip(&mut self) -> Result<(), RecordError> {
        self.skip_at(0)
    }

    fn skip_at(&mut self, depth: usize) -> Result<(), RecordError> {
        if depth > DEEPEST {
            return self.fail("it is nested too deeply");
        }
        let values = match self.next()? {
            Head::Record(definition) => self.definitions[definition].1.len(),
            Head::Map(pairs) => pairs.saturating_mul(2),
            Head::Array(values) => values,
            _ => 0,
        };
        for _ in 0..values {
            self.skip_at(depth + 1)?;
        }
        Ok(())
    }
}
