//! `packageExtensionsChecksum`: the digest of a JSON value that does not depend on the order of its keys.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt::Write as _;

/// The checksum of `packageExtensions`, such as `sha256-…`; `None` where there are none.
#[must_use]
pub fn package_extensions_checksum(extensions: &Value) -> Option<String> {
    if extensions.as_object().is_none_or(serde_json::Map::is_empty) {
        return None;
    }
    let mut stream = String::new();
    write_value(&mut stream, extensions);
    Some(format!("sha256-{}", STANDARD.encode(digest(&SHA256, stream.as_bytes()))))
}

/// The serialisation of the `object-hash` package, with sorted keys.
fn write_value(stream: &mut String, value: &Value) {
    match value {
        Value::Null => stream.push_str("Null"),
        Value::Bool(flag) => {
            let _ = write!(stream, "bool:{flag}");
        }
        Value::Number(number) => {
            let _ = write!(stream, "number:{number}");
        }
        Value::String(text) => write_text(stream, text),
        Value::Array(items) => {
            let _ = write!(stream, "array:{}:", items.len());
            for item in items {
                write_value(stream, item);
            }
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            let _ = write!(stream, "object:{}:", fields.len());
            for (key, value) in fields {
                write_text(stream, key);
                stream.push(':');
                write_value(stream, value);
                stream.push(',');
            }
        }
    }
}

/// JavaScript counts the length in UTF-16 units.
fn write_text(stream: &mut String, text: &str) {
    let _ = write!(stream, "string:{}:{text}", text.encode_utf16().count());
}

#[cfg(test)]
mod tests {
    use super::{package_extensions_checksum, write_value};
    use serde_json::json;

    #[test]
    fn a_value_is_written_as_object_hash_writes_it() {
        let mut stream = String::new();
        write_value(&mut stream, &json!({ "b": ["x", 1], "a": { "é": true, "n": null } }));
        assert_eq!(
            stream,
            "object:2:string:1:a:object:2:string:1:n:Null,string:1:é:bool:true,,string:1:b:array:2:string:1:xnumber:1,"
        );
    }

    #[test]
    fn the_checksum_is_the_one_that_pnpm_writes() {
        let extensions = json!({
            "b": {
                "peerDependencies": { "z": "*", "a": "^1" },
                "peerDependenciesMeta": { "a": { "optional": true } },
            },
            "a@1": { "dependencies": { "x": "1" } },
        });
        let expected = "sha256-I90xB4z4lXD3bZWtmAH3vwGeyvqiyNRycsic0e8S/So=";
        assert_eq!(package_extensions_checksum(&extensions).as_deref(), Some(expected));
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_no_extensions_have_no_checksum() {
        let one = json!({ "a": { "dependencies": { "x": "1" } }, "b": {} });
        let other = json!({ "b": {}, "a": { "dependencies": { "x": "1" } } });
        assert_eq!(package_extensions_checksum(&one), package_extensions_checksum(&other));
        assert_eq!(package_extensions_checksum(&json!({})), None);
    }
}
