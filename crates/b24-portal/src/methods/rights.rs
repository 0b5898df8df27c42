//! Who has which right: codes of users, groups and departments.

use super::{argument_missing, v2};
use crate::php::{Php, PhpArray};
use crate::play::{Actor, Call, Method, Refusal, Reply};
use crate::world::CellRef;
use crate::world::directory::DEPARTMENTS;

pub(super) const METHODS: &[Method] = &[
    v2("user.admin", "", |call| {
        Ok(Reply::value(call.actor.is_admin()))
    }),
    v2("user.access", "", has_any),
    v2("access.name", "", names),
];

/// The codes asked for: a list, or one alone.
fn wanted(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let codes: Vec<String> = match call.params.get_ci("ACCESS") {
        Some(Php::Array(codes)) => codes.values().map(|code| code.to_text().into()).collect(),
        Some(code) => vec![code.to_text().into()],
        None => Vec::new(),
    };
    let codes: Vec<_> = codes.into_iter().filter(|code| !code.is_empty()).collect();
    if codes.is_empty() {
        return Err(argument_missing("ACCESS"));
    }
    Ok(codes)
}

/// Whether the user has one of the rights.
fn has_any(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let own = codes_of(call, call.actor);
    let found = wanted(call)?.iter().any(|code| own.contains(code));
    Ok(Reply::value(found))
}

fn codes_of(call: &Call<'_>, actor: &Actor) -> Vec<String> {
    let mut codes = vec![
        format!("U{}", actor.user_id),
        "AU".to_owned(),
        "G2".to_owned(),
    ];
    if actor.is_admin() {
        codes.push("G1".to_owned());
    }
    let users = &call.world.users.table;
    let row = users.find(actor.user_id);
    let own = row.map(|row| users.named(row, "UF_DEPARTMENT"));
    let Some(CellRef::Numbers(own)) = own else {
        return codes;
    };
    for id in own {
        codes.push(format!("D{id}"));
        let mut above = Some(*id);
        while let Some(id) = above {
            codes.push(format!("DR{id}"));
            let department = DEPARTMENTS.iter().find(|department| department.id == id);
            above = department.and_then(|department| department.parent);
        }
    }
    codes
}

/// What codes are called; unknown ones are left out.
fn names(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let mut named = PhpArray::new();
    for code in wanted(call)? {
        if let Some((provider_id, provider, name)) = name(call, &code) {
            let entry = [
                ("provider_id", provider_id.into()),
                ("provider", provider.into()),
                ("name", name.into()),
            ];
            named.insert(code, Php::map(entry));
        }
    }
    Ok(Reply::value(named))
}

fn name(call: &Call<'_>, code: &str) -> Option<(&'static str, &'static str, String)> {
    let department = |digits: &str| {
        let id: i64 = digits.parse().ok()?;
        let found = DEPARTMENTS.iter().find(|department| department.id == id)?;
        Some(found.name.to_owned())
    };
    match code {
        "AU" => Some(("other", "", "All authorized users".to_owned())),
        "G1" => Some(("group", "User groups", "Administrators".to_owned())),
        "G2" => Some(("group", "User groups", "All users".to_owned())),
        _ => {
            if let Some(digits) = code.strip_prefix("DR").or_else(|| code.strip_prefix('D')) {
                return Some(("intranet", "Departments", department(digits)?));
            }
            let users = &call.world.users.table;
            let row = users.find(code.strip_prefix('U')?.parse().ok()?)?;
            let name = format!(
                "{} {}",
                users.text(row, "NAME"),
                users.text(row, "LAST_NAME")
            );
            Some(("user", "Users", name))
        }
    }
}
