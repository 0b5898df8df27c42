//! Files inside parameters: a name and base64, in the shape of the method.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::path::Path;
use super::tree::Tree;

/// The value that uploads `bytes` at `path` of `method`.
pub(super) fn shape(path: &Path, method: Option<&str>, file: &str, bytes: &[u8]) -> Tree {
    let name = file_name(file);
    let content = Tree::Text(STANDARD.encode(bytes));
    let method = method.unwrap_or_default().to_ascii_lowercase();
    let within_fields = path.name.eq_ignore_ascii_case("fields");
    if method.starts_with("task.") {
        // The old task methods take a description of the file.
        return Tree::Map(vec![
            ("NAME".to_owned(), name),
            ("CONTENT".to_owned(), content),
        ]);
    }
    let pair = Tree::List(vec![name, content]);
    let keyed = method.starts_with("catalog.")
        || (method.starts_with("crm.") && !method.starts_with("crm.timeline."));
    if keyed && within_fields {
        return Tree::Map(vec![("fileData".to_owned(), pair)]);
    }
    pair
}

fn file_name(file: &str) -> Tree {
    let name = std::path::Path::new(file)
        .file_name()
        .map_or_else(|| "stdin".into(), |name| name.to_string_lossy());
    match name.as_ref() {
        "-" => "stdin".into(),
        name => name.into(),
    }
}
