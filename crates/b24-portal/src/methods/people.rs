//! Users and departments.

#![expect(
    clippy::unnecessary_wraps,
    reason = "methods that cannot refuse have the signature of those that can"
)]

use super::grammar::classic_filter;
use super::page::Page;
use super::v2;
use crate::php::{Key, Php, PhpArray};
use crate::play::{Call, Method, Refusal, Reply};
use crate::world::directory::{DEPARTMENTS, Department};
use crate::world::filter::{Filter, Test, fold};
use crate::world::input::cell;
use crate::world::scan::{Scan, Sort};
use crate::world::schema::Access;
use crate::world::table::{ID, Row};

/// Any of these will do; the narrower ones of a real portal also hide fields.
const USER: &str = "user,user_brief,user_basic";

/// Seconds of the portal's zone, UTC+3, which is that of all its users.
const ZONE_OFFSET: i64 = 10_800;

pub(super) const METHODS: &[Method] = &[
    v2("user.get", USER, get),
    v2("user.search", USER, search),
    v2("user.current", USER, current),
    v2("user.fields", USER, fields),
    v2("user.add", "user", add),
    v2("user.update", "user", update),
    v2("profile", "", profile),
    v2("department.get", "department", departments),
];

/// Parameters of `user.get` that are no fields.
const NO_FIELDS: [&str; 6] = [
    "sort",
    "order",
    "select",
    "admin_mode",
    "image_resize",
    "filter",
];

fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    list(call, Filter::Always(true))
}

/// As `user.get`; `FIND` looks into names, position and e-mail.
fn search(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let filter = call.params.get_ci("filter").unwrap_or(call.params);
    let wanted = filter
        .get_ci("FIND")
        .or_else(|| filter.get_ci("NAME_SEARCH"));
    let found = wanted.map(|text| named(call, &text.to_text()));
    list(call, found.unwrap_or(Filter::Always(true)))
}

/// Every word stands in a name, the position or the e-mail.
fn named(call: &Call<'_>, text: &str) -> Filter {
    let table = &call.world.users.table;
    let columns = ["NAME", "LAST_NAME", "SECOND_NAME", "WORK_POSITION", "EMAIL"]
        .map(|name| table.field_no(name).unwrap_or(ID));
    let word = |word: &str| {
        Filter::Any(
            columns
                .map(|field| Filter::field(table, field, Test::Contains(fold(word))))
                .into(),
        )
    };
    Filter::All(text.split_whitespace().map(word).collect())
}

/// With `FILTER` only that is the filter; without it the parameters themselves are.
fn list(call: &Call<'_>, besides: Filter) -> Result<Reply, Refusal> {
    let users = &call.world.users;
    let own = call
        .params
        .get_ci("filter")
        .filter(|filter| filter.as_array().is_some());
    let top_level = || -> Php {
        let fields = call.params.as_array().into_iter().flat_map(PhpArray::iter);
        let fields = fields.filter(|(name, _)| {
            !NO_FIELDS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name.text()))
        });
        fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<PhpArray>()
            .into()
    };
    let filter = own.cloned().unwrap_or_else(top_level);
    let find = |name: &str| {
        users
            .classic
            .entry(name)
            .or_else(|| users.classic.entry(&name.to_ascii_uppercase()))
    };
    let names = filter
        .get_ci("NAME_SEARCH")
        .map_or(Filter::Always(true), |text| named(call, &text.to_text()));
    let filter = Filter::All(vec![
        classic_filter(&users.table, Some(&filter), &find),
        names,
        besides,
    ]);
    let order = sort(call).and_then(|(name, descending)| {
        let field = find(&name)?.field;
        Some(vec![Sort { field, descending }])
    });
    let scan = Scan {
        table: &users.table,
        filter,
        order: order.unwrap_or_default(),
    };
    let page = Page::offset(&scan, call.start).silent_if_empty();
    let selected: Vec<usize> = (0..users.classic.entries.len()).collect();
    Ok(page.reply(None, &users.table, &users.classic, &selected, |_, _| ()))
}

/// `sort` names a field, `order` a direction: scalars, unlike in the CRM.
fn sort(call: &Call<'_>) -> Option<(String, bool)> {
    let field = call.params.get_ci("sort")?.to_text().into_owned();
    let descending = call
        .params
        .get_ci("order")
        .is_some_and(|order| order.to_text().eq_ignore_ascii_case("DESC"));
    Some((field, descending))
}

fn current(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let users = &call.world.users;
    let all: Vec<usize> = (0..users.classic.entries.len()).collect();
    let mut json = Vec::new();
    users
        .classic
        .write_row(&all, &users.table, me(call)?, &mut json);
    Ok(Reply::value(Php::from_json(&json).unwrap_or_default()))
}

fn profile(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (row, users) = (me(call)?, &call.world.users.table);
    let text = |name: &str| Php::from(users.text(row, name));
    Ok(Reply::value(Php::map([
        ("ID", users.id(row).to_string().into()),
        ("ADMIN", call.actor.is_admin().into()),
        ("NAME", text("NAME")),
        ("LAST_NAME", text("LAST_NAME")),
        ("PERSONAL_GENDER", text("PERSONAL_GENDER")),
        ("TIME_ZONE", text("TIME_ZONE")),
        ("TIME_ZONE_OFFSET", ZONE_OFFSET.into()),
    ])))
}

/// Invites someone; the answer is the id.
fn add(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let email = call.params.get_ci("EMAIL").map(Php::to_text);
    let Some(email) = email.filter(|email| email.contains('@')) else {
        return Err(Refusal::new(
            "ERROR_ARGUMENT",
            "Argument 'EMAIL' is invalid",
        ));
    };
    let table = &call.world.users.table;
    let is_taken = |row: Row| table.is_live(row) && table.text(row, "EMAIL") == email;
    if table.places().any(is_taken) {
        let text = format!("User with e-mail {email} already exists");
        return Err(Refusal::new("ERROR_CORE", text));
    }
    let row = call.world.users.table.append();
    let table = &mut call.world.users.table;
    table.set_named(row, "DATE_REGISTER", call.now);
    write(call, row);
    Ok(Reply::value(call.world.users.table.id(row)))
}

fn update(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let id = call.params.get_ci("ID").map_or(0, Php::to_int);
    let unknown = || Refusal::new("ERROR_CORE", "User not found");
    let row = call.world.users.table.find(id).ok_or_else(unknown)?;
    write(call, row);
    Ok(Reply::value(true))
}

/// Writes the parameters that are fields; others are passed over.
fn write(call: &mut Call<'_>, row: Row) {
    let table = &mut call.world.users.table;
    for (name, value) in call.params.as_array().into_iter().flat_map(PhpArray::iter) {
        let Some(place) = table.field_no(&name.text().to_ascii_uppercase()) else {
            continue;
        };
        let field = table.field(place);
        if field.access != Access::Read {
            table.set(row, place, &cell(field, value));
        }
    }
    table.set_named(row, "TIMESTAMP_X", call.now);
}

fn me(call: &Call<'_>) -> Result<Row, Refusal> {
    let unknown = || Refusal::new("authorization_error", "Unable to authorize user").status(401);
    call.world
        .users
        .table
        .find(call.actor.user_id)
        .ok_or_else(unknown)
}

fn fields(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let fields = call.world.users.table.fields().iter();
    Ok(Reply::value(Php::map(
        fields.map(|field| (field.name, field.title.into())),
    )))
}

fn departments(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let wanted = |name: &str| call.params.get_ci(name);
    let is_one_of = |wanted: &Php, found: &str| match wanted {
        Php::Array(values) => values.values().any(|value| value.to_text() == found),
        value => value.to_text().is_empty() || value.to_text() == found,
    };
    let passes = |department: &&Department| {
        let row = department_row(department);
        ["ID", "NAME", "SORT", "PARENT", "UF_HEAD"]
            .iter()
            .all(|field| {
                let found = row.get(field).map(Php::to_text).unwrap_or_default();
                wanted(field).is_none_or(|value| is_one_of(value, &found))
            })
    };
    let mut found: Vec<&Department> = DEPARTMENTS.iter().filter(passes).collect();
    if let Some((field, descending)) = sort(call) {
        match field.to_ascii_uppercase().as_str() {
            "NAME" => found.sort_by_key(|department| department.name),
            "PARENT" => found.sort_by_key(|department| department.parent),
            "UF_HEAD" => found.sort_by_key(|department| department.head),
            _ => {}
        }
        if descending {
            found.reverse();
        }
    }
    let total = found.len() as i64;
    let start = usize::try_from(call.start.unwrap_or(0)).unwrap_or(0);
    let rows = found
        .into_iter()
        .skip(start)
        .take(super::page::SIZE)
        .map(department_row);
    Ok(Reply {
        total: Some(total),
        ..Reply::value(Php::list(rows))
    })
}

fn department_row(department: &Department) -> Php {
    let mut row = PhpArray::new();
    row.insert("ID", department.id.to_string().into());
    row.insert("NAME", department.name.into());
    row.insert("SORT", 500_i64.into());
    if let Some(parent) = department.parent {
        row.insert(Key::from("PARENT"), parent.to_string().into());
    }
    row.insert("UF_HEAD", department.head.to_string().into());
    row.into()
}
