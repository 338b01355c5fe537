//! What events tell of who answered.

use serde::{Deserialize, Serialize};

/// Who answered a request in the end, redirects followed, and how it was talked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// Host of the URL that answered, without its port.
    pub host: String,
    /// `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`; a reader takes others as they are.
    pub http: String,
}
