//! Files inside parameters: a name and base64, in the shape of the method.

use std::fs::File;
use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::path::Path;
use super::tree::Tree;
use crate::catalogue::Method;

/// How a method takes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// base64 alone; its name, if it is wanted, is a parameter beside it.
    Content,
    /// `[name, base64]`
    Pair,
    /// `[[name, base64]]`
    Pairs,
    /// `{fileData: [name, base64]}`
    Data,
    /// `{value: {fileData: [name, base64]}}`
    Value,
    /// `{NAME, CONTENT}`
    Named,
}

/// Methods that take the name of the file in a parameter of its own: the method, the content, the name.
const NAMES: &[(&str, &str, &str)] = &[
    ("note.file.add", "fileContent", "fileName"),
    (
        "telephony.externalcall.attachrecord",
        "FILE_CONTENT",
        "FILENAME",
    ),
    ("im.v2.file.upload", "fields[content]", "fields[name]"),
    ("imbot.v2.file.upload", "fields[content]", "fields[name]"),
];

/// The largest file of a method, in bytes, where its documentation tells one: the pages of `im.v2.File.upload` and
/// `imbot.v2.File.upload` at apidocs.bitrix24.com say 100 MB.
const LARGEST: &[(&str, u64)] = &[
    ("im.v2.file.upload", 100_000_000),
    ("imbot.v2.file.upload", 100_000_000),
];

/// What is read and encoded at once: whole groups of three bytes.
const BLOCK: usize = 48 * 1024;

/// The value that uploads `file` at `path`.
pub(super) fn value(path: &Path, method: Option<&Method>, file: &str) -> Result<Tree, String> {
    from(path, method, &file_name(file), file)
}

/// The value that uploads `file` under another name.
pub(super) fn from(
    path: &Path,
    method: Option<&Method>,
    name: &str,
    file: &str,
) -> Result<Tree, String> {
    let called = method
        .map(Method::name)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let content = Tree::Text(encoded(file, largest(&called))?);
    Ok(shaped(shape(path, &called, method), name.into(), content))
}

/// The parameter that takes the name of a file uploaded at `path`, if the method has one.
pub(super) fn name_beside(path: &Path, method: Option<&Method>) -> Option<&'static str> {
    let method = method?.name();
    let shown = path.to_string();
    NAMES.iter().find_map(|(of, content, name)| {
        (method.eq_ignore_ascii_case(of) && shown.eq_ignore_ascii_case(content)).then_some(*name)
    })
}

/// The name under which a file is uploaded.
pub(crate) fn file_name(file: &str) -> String {
    if file == "-" {
        return "stdin".to_owned();
    }
    std::path::Path::new(file).file_name().map_or_else(
        || "stdin".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn largest(method: &str) -> Option<u64> {
    LARGEST
        .iter()
        .find_map(|(of, bytes)| (*of == method).then_some(*bytes))
}

fn shape(path: &Path, method: &str, documented: Option<&Method>) -> Shape {
    let within_fields = path.name.eq_ignore_ascii_case("fields");
    let first = path
        .keys
        .first()
        .map(|key| key.to_ascii_lowercase())
        .unwrap_or_default();
    let whole_field = path.keys.len() <= 1;
    if method.starts_with("task.") {
        // The old task methods take a description of the file.
        return Shape::Named;
    }
    if method.contains("documentgenerator.template.") {
        return Shape::Content;
    }
    let field = path.keys.first().map(String::as_str);
    if documented.is_some_and(|method| method.is_text(&path.name, field)) {
        return Shape::Content;
    }
    let files_of_posts = (method.starts_with("crm.timeline.comment.") && first == "files")
        || (method.starts_with("log.blog") && path.name.eq_ignore_ascii_case("files"));
    if files_of_posts {
        let whole = if within_fields {
            whole_field
        } else {
            path.keys.is_empty()
        };
        return if whole { Shape::Pairs } else { Shape::Pair };
    }
    if method.starts_with("catalog.") && within_fields {
        return if first.starts_with("property") {
            Shape::Value
        } else {
            Shape::Data
        };
    }
    let classic = method.starts_with("crm.")
        && !method.starts_with("crm.item.")
        && !method.starts_with("crm.timeline.");
    if classic && within_fields {
        return Shape::Data;
    }
    Shape::Pair
}

fn shaped(shape: Shape, name: Tree, content: Tree) -> Tree {
    let map = |key: &str, value| Tree::Map(vec![(key.to_owned(), value)]);
    match shape {
        Shape::Content => content,
        Shape::Pair => Tree::List(vec![name, content]),
        Shape::Pairs => Tree::List(vec![Tree::List(vec![name, content])]),
        Shape::Data => map("fileData", Tree::List(vec![name, content])),
        Shape::Value => map("value", map("fileData", Tree::List(vec![name, content]))),
        Shape::Named => Tree::Map(vec![
            ("NAME".to_owned(), name),
            ("CONTENT".to_owned(), content),
        ]),
    }
}

/// The base64 of a file, encoded as it is read: the file itself is never in memory.
fn encoded(file: &str, largest: Option<u64>) -> Result<String, String> {
    if file == "-" {
        let bytes = super::read(file)?;
        too_large(file, bytes.len() as u64, largest)?;
        return Ok(STANDARD.encode(bytes));
    }
    let mut source = File::open(file).map_err(|error| super::not_read(file, &error))?;
    let length = source
        .metadata()
        .map_err(|error| super::not_read(file, &error))?
        .len();
    too_large(file, length, largest)?;
    let mut text = String::with_capacity((length as usize).div_ceil(3) * 4);
    let mut block = vec![0; BLOCK];
    loop {
        let read = fill(&mut source, &mut block).map_err(|error| super::not_read(file, &error))?;
        STANDARD.encode_string(&block[..read], &mut text);
        if read < BLOCK {
            return Ok(text);
        }
    }
}

/// Reads until the block is full or the file ends: only then its base64 may be joined to the next.
fn fill(source: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < block.len() {
        match source.read(&mut block[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn too_large(file: &str, length: u64, largest: Option<u64>) -> Result<(), String> {
    match largest {
        Some(largest) if length > largest => Err(format!(
            "{file} has {}, and the documentation of the method allows {}",
            crate::printer::size(length),
            crate::printer::size(largest)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find_method;

    #[test]
    fn every_family_has_its_shape() {
        let cases = [
            ("crm.item.update", "fields[ufCrm_1]"),
            ("crm.item.add", "fields[ufCrm_1][]"),
            ("crm.deal.add", "fields[UF_CRM_1]"),
            ("crm.contact.update", "fields[PHOTO]"),
            ("crm.timeline.comment.add", "fields[FILES]"),
            ("crm.timeline.comment.add", "fields[FILES][]"),
            ("crm.timeline.icon.add", "fileContent"),
            ("crm.documentgenerator.template.add", "fields[file]"),
            (
                "crm.documentgenerator.document.upload",
                "fields[fileContent]",
            ),
            ("disk.folder.uploadfile", "fileContent"),
            ("disk.file.uploadversion", "fileContent"),
            ("catalog.productImage.add", "fileContent"),
            ("catalog.product.add", "fields[detailPicture]"),
            ("catalog.product.add", "fields[property12]"),
            ("log.blogpost.add", "FILES"),
            ("user.update", "PERSONAL_PHOTO"),
            ("task.item.addfile", "0"),
            ("note.file.add", "fileContent"),
            ("telephony.externalCall.attachRecord", "FILE_CONTENT"),
            ("im.v2.File.upload", "fields[content]"),
            ("lists.element.add", "FIELDS[PROPERTY_7]"),
            ("app.option.set", "options[logo]"),
        ];
        let lines = cases.map(|(method, at)| {
            let (path, _) = Path::read(at).unwrap();
            let documented = find_method(method, None);
            let shape = shape(&path, &method.to_ascii_lowercase(), documented.as_ref());
            let value = shaped(shape, "name".into(), "base64".into());
            let name = name_beside(&path, documented.as_ref());
            let name = name
                .map(|name| format!(", {name}=name"))
                .unwrap_or_default();
            format!(
                "{method} {at} = {}{name}",
                serde_json::to_string(&value).unwrap()
            )
        });
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_file_is_encoded_as_it_is_read() {
        use std::io::Write;
        for length in [0, 1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 2] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&bytes).unwrap();
            let path = file.path().to_str().unwrap();
            assert_eq!(
                encoded(path, None).unwrap(),
                STANDARD.encode(&bytes),
                "{length}"
            );
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(150_000_000).unwrap();
        let path = file.path().to_str().unwrap();
        let why = encoded(path, largest("im.v2.file.upload")).unwrap_err();
        assert_eq!(
            why.replace(path, "FILE"),
            "FILE has 150.0 MB, and the documentation of the method allows 100.0 MB"
        );
    }
}
