//! What fields an entity has, and what the portal says about them.

use super::cell::Cell;

/// What the values of a field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    /// The id of a user, a company, a contact …; the type as the portal names it.
    Reference(&'static str),
    /// A parent item of this entity type.
    Parent(i64),
    /// Two digits after the point, kept in hundredths.
    Money,
    /// Y or N.
    Flag,
    Text,
    /// Text of few different values.
    Code,
    /// A code out of this directory of statuses.
    Status(&'static str),
    Currency,
    /// Seconds of midnight UTC.
    Date,
    DateTime,
    /// Several ids of this type.
    References(&'static str),
    /// Several texts.
    Texts,
    /// Phones, addresses of e-mail …: `PHONE`, `EMAIL`, `WEB`, `IM`, `LINK`.
    Multifield,
    /// Custom: yes or no.
    Boolean,
    /// Custom: one of the field's options, by id.
    Option,
    /// Custom: several of the field's options.
    Options,
    /// Custom: amount and currency, `100.50|EUR`.
    MoneyText,
    /// A file, by the id of its content.
    File,
    Files,
    /// Custom: several values of this kind, whose values are single numbers.
    Several(&'static Kind),
}

impl Kind {
    /// Whether values are kept as seconds.
    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::DateTime)
    }

    /// The kind of one value.
    pub(crate) const fn element(self) -> Self {
        match self {
            Self::Several(kind) => *kind,
            kind => kind,
        }
    }

    /// Whether a value is one number, or each of its values is.
    pub(crate) const fn has_numbers(self) -> bool {
        self.is_number()
            || matches!(
                self,
                Self::References(_) | Self::Options | Self::Files | Self::Several(_)
            )
    }

    /// Whether a value is one number.
    pub(crate) const fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Text
                | Self::Code
                | Self::Status(_)
                | Self::Currency
                | Self::MoneyText
                | Self::References(_)
                | Self::Texts
                | Self::Multifield
                | Self::Options
                | Self::Files
                | Self::Several(_)
        )
    }

    /// Whether values are files.
    pub(crate) const fn is_file(self) -> bool {
        matches!(self, Self::File | Self::Files)
    }

    /// Whether a value is a list.
    pub(crate) const fn is_list(self) -> bool {
        matches!(
            self,
            Self::References(_)
                | Self::Texts
                | Self::Multifield
                | Self::Options
                | Self::Files
                | Self::Several(_)
        )
    }
}

/// How a column keeps its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// A place in every row.
    Dense,
    /// Only rows that have a value take memory.
    Rare,
    /// The default in every row, not stored.
    Constant,
}

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    /// Set when the row is made, then fixed.
    Once,
    Read,
}

/// What a row holds where nothing was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initial {
    Null,
    Number(i64),
    Text(&'static str),
}

impl Initial {
    pub(crate) fn cell(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Number(number) => Cell::Number(number),
            Self::Text(text) => Cell::text(text),
        }
    }
}

/// One field of an entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// `UPPER_SNAKE`, as the classic methods name it.
    pub(crate) name: &'static str,
    /// camelCase, as `crm.item.*` and `tasks.task.*` name it; empty where they do not have it.
    pub(crate) camel: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) storage: Storage,
    pub(crate) access: Access,
    pub(crate) initial: Initial,
    pub(crate) required: bool,
    /// Whether the classic methods have it.
    pub(crate) classic: bool,
    /// A custom field (`UF_…`).
    pub(crate) custom: bool,
    /// What `*.fields` calls the type of a custom field that was made here; empty where the kind says it.
    pub(crate) user_type: &'static str,
    /// The choices of a custom list.
    pub(crate) options: &'static [(i64, &'static str)],
    /// Where an empty list shows this single value instead.
    pub(crate) single: &'static str,
}

impl Field {
    pub(crate) const fn new(
        name: &'static str,
        camel: &'static str,
        kind: Kind,
        title: &'static str,
    ) -> Self {
        Self {
            name,
            camel,
            title,
            kind,
            storage: if kind.is_list() {
                Storage::Rare
            } else {
                Storage::Dense
            },
            access: Access::Write,
            initial: Initial::Null,
            required: false,
            classic: true,
            custom: false,
            user_type: "",
            options: &[],
            single: "",
        }
    }

    /// A field that only `crm.item.*` shows, always NULL.
    pub(crate) const fn hollow(camel: &'static str) -> Self {
        let field = Self::new("", camel, Kind::Text, camel).read_only();
        Self {
            storage: Storage::Constant,
            classic: false,
            ..field
        }
    }

    /// The place that a deleted custom field leaves.
    pub(crate) const fn gone() -> Self {
        Self::hollow("")
    }

    /// A custom field.
    pub(crate) const fn custom(
        name: &'static str,
        camel: &'static str,
        kind: Kind,
        title: &'static str,
    ) -> Self {
        Self {
            custom: true,
            storage: Storage::Rare,
            ..Self::new(name, camel, kind, title)
        }
    }

    pub(crate) const fn options(self, options: &'static [(i64, &'static str)]) -> Self {
        Self { options, ..self }
    }

    pub(crate) const fn rare(self) -> Self {
        Self {
            storage: Storage::Rare,
            ..self
        }
    }

    pub(crate) const fn constant(self) -> Self {
        Self {
            storage: Storage::Constant,
            access: Access::Read,
            ..self
        }
    }

    pub(crate) const fn read_only(self) -> Self {
        Self {
            access: Access::Read,
            ..self
        }
    }

    pub(crate) const fn once(self) -> Self {
        Self {
            access: Access::Once,
            ..self
        }
    }

    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(crate) const fn number(self, number: i64) -> Self {
        Self {
            initial: Initial::Number(number),
            ..self
        }
    }

    pub(crate) const fn code(self, text: &'static str) -> Self {
        Self {
            initial: Initial::Text(text),
            ..self
        }
    }

    /// Only `crm.item.*` has it.
    pub(crate) const fn item_only(self) -> Self {
        Self {
            classic: false,
            ..self
        }
    }

    /// An empty list shows the value of this other field.
    pub(crate) const fn or_single(self, single: &'static str) -> Self {
        Self { single, ..self }
    }

    pub(crate) const fn is_multiple(&self) -> bool {
        self.kind.is_list()
    }
}
