use crate::world::schema::Field;
use crate::world::schema::Kind::{Code, DateTime, Integer, Reference, Text};

/// What happened on the portal: `main.eventlog.*`.
pub(in crate::world) const EVENT_LOG: &[Field] = &[
    Field::new("ID", "", Integer, "ID").read_only(),
    Field::new("TIMESTAMP_X", "", DateTime, "Time"),
    Field::new("SEVERITY", "", Code, "Severity").code("INFO"),
    Field::new("AUDIT_TYPE_ID", "", Code, "Event"),
    Field::new("MODULE_ID", "", Code, "Source"),
    Field::new("ITEM_ID", "", Text, "Object"),
    Field::new("REMOTE_ADDR", "", Code, "Address"),
    Field::new("USER_AGENT", "", Code, "User agent"),
    Field::new("REQUEST_URI", "", Code, "URL"),
    Field::new("SITE_ID", "", Code, "Site").code("s1"),
    Field::new("USER_ID", "", Reference("user"), "User"),
    Field::new("GUEST_ID", "", Integer, "Guest").rare(),
    Field::new("DESCRIPTION", "", Text, "Description"),
];

/// Names of v3, in the order of the fields.
pub(in crate::world) const EVENT_LOG_V3: &[&str] = &[
    "id",
    "timestampX",
    "severity",
    "auditTypeId",
    "moduleId",
    "itemId",
    "remoteAddr",
    "userAgent",
    "requestUri",
    "siteId",
    "userId",
    "guestId",
    "description",
];
