use crate::world::schema::Field;
use crate::world::schema::Kind::{Code, Date, DateTime, Flag, Integer, References, Text};

/// Users: `user.*`.
pub(in crate::world) const USER: &[Field] = &[
    Field::new("ID", "", Integer, "ID").read_only(),
    Field::new("XML_ID", "", Text, "External code").rare(),
    Field::new("ACTIVE", "", Flag, "Active").number(1),
    Field::new("NAME", "", Text, "First name"),
    Field::new("LAST_NAME", "", Text, "Last name"),
    Field::new("SECOND_NAME", "", Text, "Second name").rare(),
    Field::new("TITLE", "", Text, "Salutation").rare(),
    Field::new("EMAIL", "", Text, "E-mail"),
    Field::new("LAST_LOGIN", "", DateTime, "Last login"),
    Field::new("DATE_REGISTER", "", DateTime, "Registered on"),
    Field::new("TIME_ZONE", "", Code, "Time zone").code(""),
    Field::new("IS_ONLINE", "", Code, "Online").code("N"),
    Field::new("TIMESTAMP_X", "", DateTime, "Modified on"),
    Field::new("LAST_ACTIVITY_DATE", "", DateTime, "Last activity"),
    Field::new("PERSONAL_GENDER", "", Code, "Gender").code(""),
    Field::new("PERSONAL_WWW", "", Text, "Website").rare(),
    Field::new("PERSONAL_BIRTHDAY", "", Date, "Date of birth"),
    Field::new("PERSONAL_PHONE", "", Text, "Phone").rare(),
    Field::new("PERSONAL_MOBILE", "", Text, "Mobile phone"),
    Field::new("PERSONAL_CITY", "", Text, "City").rare(),
    Field::new("WORK_PHONE", "", Text, "Work phone"),
    Field::new("WORK_POSITION", "", Text, "Position"),
    Field::new("UF_EMPLOYMENT_DATE", "", Text, "Employed since").rare(),
    Field::new("UF_DEPARTMENT", "", References("department"), "Departments"),
    Field::new("UF_PHONE_INNER", "", Text, "Extension").rare(),
    Field::new("USER_TYPE", "", Code, "User type").code("employee"),
];
