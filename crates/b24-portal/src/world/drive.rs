//! The drive: storages, folders, files and their versions.

use std::collections::BTreeMap;

/// A drive of a user, of the company or of an application.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// `user`, `common`, `restapp`
    pub(crate) entity_type: &'static str,
    pub(crate) entity_id: String,
    /// Its root folder.
    pub(crate) root: i64,
}

/// A folder or a file.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) id: i64,
    pub(crate) storage: i64,
    /// 0 for a root folder.
    pub(crate) parent: i64,
    pub(crate) name: String,
    /// Of a file, oldest first; a folder has none.
    pub(crate) versions: Vec<FileVersion>,
    pub(crate) created: (i64, i64),
    pub(crate) updated: (i64, i64),
    /// When it was thrown into the bin and by whom.
    pub(crate) deleted: Option<Deleted>,
}

/// How an object came into the bin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deleted {
    pub(crate) at: i64,
    pub(crate) by: i64,
    /// Along with its folder.
    pub(crate) with_parent: bool,
}

/// One version of a file.
#[derive(Debug, Clone)]
pub(crate) struct FileVersion {
    pub(crate) id: i64,
    /// The content.
    pub(crate) file_id: i64,
    pub(crate) size: usize,
    pub(crate) name: String,
    pub(crate) at: i64,
    pub(crate) by: i64,
}

/// All storages and what is in them.
#[derive(Debug, Default)]
pub(crate) struct Drive {
    pub(crate) storages: Vec<Storage>,
    objects: BTreeMap<i64, Object>,
    last_id: i64,
    last_version: i64,
}

/// Why an object cannot be put somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameTaken;

impl Object {
    pub(crate) fn is_folder(&self) -> bool {
        self.versions.is_empty()
    }
}

impl Drive {
    /// A new storage with its root folder.
    pub(crate) fn add_storage(
        &mut self,
        name: &str,
        entity_type: &'static str,
        entity_id: &str,
    ) -> Storage {
        let id = 2 * self.storages.len() as i64 + 1;
        let root = self.insert(id, 0, name, (0, 1), None);
        let storage = Storage {
            id,
            name: name.to_owned(),
            entity_type,
            entity_id: entity_id.to_owned(),
            root,
        };
        self.storages.push(storage.clone());
        storage
    }

    pub(crate) fn storage(&self, id: i64) -> Option<&Storage> {
        self.storages.iter().find(|storage| storage.id == id)
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Object> {
        self.objects.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: i64) -> Option<&mut Object> {
        self.objects.get_mut(&id)
    }

    /// What a folder holds, without what is in the bin.
    pub(crate) fn children(&self, folder: i64) -> impl Iterator<Item = &Object> {
        self.objects
            .values()
            .filter(move |object| object.parent == folder && object.deleted.is_none())
    }

    /// Whether an object of a folder has this name.
    pub(crate) fn is_taken(&self, folder: i64, name: &str) -> bool {
        self.children(folder)
            .any(|object| object.name.to_lowercase() == name.to_lowercase())
    }

    /// `pump.txt`, or `pump (1).txt` where there is one already.
    pub(crate) fn free_name(&self, folder: i64, name: &str) -> String {
        let (stem, dot, end) = match name.rsplit_once('.') {
            Some((stem, end)) => (stem, ".", end),
            None => (name, "", ""),
        };
        let numbered = (1..).map(|number| format!("{stem} ({number}){dot}{end}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.is_taken(folder, name))
            .unwrap_or_default()
    }

    /// Adds a folder, or a file with this content, to a folder; its id.
    pub(crate) fn add(
        &mut self,
        folder: i64,
        name: &str,
        (at, by): (i64, i64),
        content: Option<(i64, usize)>,
    ) -> Result<i64, NameTaken> {
        if self.is_taken(folder, name) {
            return Err(NameTaken);
        }
        let storage = self.get(folder).map_or(0, |folder| folder.storage);
        Ok(self.insert(storage, folder, name, (at, by), content))
    }

    fn insert(
        &mut self,
        storage: i64,
        parent: i64,
        name: &str,
        (at, by): (i64, i64),
        content: Option<(i64, usize)>,
    ) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        let object = Object {
            id,
            storage,
            parent,
            name: name.to_owned(),
            versions: Vec::new(),
            created: (at, by),
            updated: (at, by),
            deleted: None,
        };
        self.objects.insert(id, object);
        if let Some((file_id, size)) = content {
            self.add_version(id, (at, by), file_id, size);
        }
        id
    }

    /// Puts new content into a file.
    pub(crate) fn add_version(&mut self, id: i64, (at, by): (i64, i64), file_id: i64, size: usize) {
        let Some(object) = self.objects.get_mut(&id) else {
            return;
        };
        self.last_version += 1;
        object.updated = (at, by);
        object.versions.push(FileVersion {
            id: self.last_version,
            file_id,
            size,
            name: object.name.clone(),
            at,
            by,
        });
    }

    /// An object with all that is below it, itself first.
    fn tree(&self, id: i64) -> Vec<i64> {
        let mut tree = vec![id];
        let mut next = 0;
        while let Some(&folder) = tree.get(next) {
            let below = self
                .objects
                .values()
                .filter(|object| object.parent == folder);
            tree.extend(below.map(|object| object.id));
            next += 1;
        }
        tree
    }

    /// Throws an object and what is below it into the bin.
    pub(crate) fn mark_deleted(&mut self, id: i64, at: i64, by: i64) {
        for place in self.tree(id) {
            if let Some(object) = self.objects.get_mut(&place) {
                object.deleted.get_or_insert(Deleted {
                    at,
                    by,
                    with_parent: place != id,
                });
            }
        }
    }

    /// Deletes an object and what is below it; the ids of the contents that nobody needs any more.
    pub(crate) fn delete(&mut self, id: i64) -> Vec<i64> {
        let gone = self.tree(id);
        let gone = gone.iter().filter_map(|id| self.objects.remove(id));
        gone.flat_map(|object| object.versions)
            .map(|version| version.file_id)
            .collect()
    }
}
