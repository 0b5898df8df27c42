//! From any `Serialize` to a [`Tree`].

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Number};

use super::Tree;
use super::key::KeySerializer;

/// The struct name under which `serde_json` hands over a `RawValue`.
const RAW_TOKEN: &str = "$serde_json::private::RawValue";
/// The same for numbers, when some crate of the build turns its feature
/// `arbitrary_precision` on.
pub(super) const NUMBER_TOKEN: &str = "$serde_json::private::Number";

pub(super) struct TreeSerializer;

/// A list being filled; of a variant's fields when it has a name.
pub(super) struct ListBuilder {
    items: Vec<Tree>,
    variant: Option<&'static str>,
}

/// A map being filled; of a variant's fields when it has a name.
pub(super) struct MapBuilder {
    pairs: Vec<(String, Tree)>,
    key: Option<String>,
    variant: Option<&'static str>,
}

/// A struct, or one of `serde_json`'s private envelopes.
pub(super) enum StructBuilder {
    Fields(MapBuilder),
    JsonText(Tree),
}

fn named(variant: Option<&'static str>, tree: Tree) -> Tree {
    match variant {
        None => tree,
        Some(name) => Tree::Map(vec![(name.to_owned(), tree)]),
    }
}

fn list(len: Option<usize>, variant: Option<&'static str>) -> ListBuilder {
    // The length is the caller's word: it must not allocate on its own.
    ListBuilder {
        items: Vec::with_capacity(len.unwrap_or(0).min(1024)),
        variant,
    }
}

const fn map(variant: Option<&'static str>) -> MapBuilder {
    MapBuilder {
        pairs: Vec::new(),
        key: None,
        variant,
    }
}

impl Serializer for TreeSerializer {
    type Ok = Tree;
    type Error = Error;
    type SerializeSeq = ListBuilder;
    type SerializeTuple = ListBuilder;
    type SerializeTupleStruct = ListBuilder;
    type SerializeTupleVariant = ListBuilder;
    type SerializeMap = MapBuilder;
    type SerializeStruct = StructBuilder;
    type SerializeStructVariant = MapBuilder;

    fn serialize_bool(self, value: bool) -> Result<Tree, Error> {
        Ok(Tree::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_i64(self, value: i64) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_i128(self, value: i128) -> Result<Tree, Error> {
        Number::from_i128(value)
            .map(Tree::Number)
            .ok_or_else(|| Error::custom("an integer out of the range of JSON"))
    }

    fn serialize_u8(self, value: u8) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Result<Tree, Error> {
        Ok(Tree::Number(value.into()))
    }

    fn serialize_u128(self, value: u128) -> Result<Tree, Error> {
        Number::from_u128(value)
            .map(Tree::Number)
            .ok_or_else(|| Error::custom("an integer out of the range of JSON"))
    }

    fn serialize_f32(self, value: f32) -> Result<Tree, Error> {
        // By way of text: 0.1 stays 0.1, not 0.10000000149011612.
        match value.to_string().parse::<f64>() {
            Ok(value) => self.serialize_f64(value),
            Err(error) => Err(Error::custom(error)),
        }
    }

    fn serialize_f64(self, value: f64) -> Result<Tree, Error> {
        Number::from_f64(value)
            .map(Tree::Number)
            .ok_or_else(|| Error::custom(format_args!("{value} is not a JSON number")))
    }

    fn serialize_char(self, value: char) -> Result<Tree, Error> {
        Ok(Tree::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Error> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, Error> {
        Ok(Tree::List(
            value
                .iter()
                .map(|byte| Tree::Number((*byte).into()))
                .collect(),
        ))
    }

    fn serialize_none(self) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Tree, Error> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Tree, Error> {
        Ok(Tree::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        Ok(named(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListBuilder, Error> {
        Ok(list(len, None))
    }

    fn serialize_tuple(self, len: usize) -> Result<ListBuilder, Error> {
        Ok(list(Some(len), None))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<ListBuilder, Error> {
        Ok(list(Some(len), None))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListBuilder, Error> {
        Ok(list(Some(len), Some(variant)))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<MapBuilder, Error> {
        Ok(map(None))
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<StructBuilder, Error> {
        Ok(match name {
            RAW_TOKEN | NUMBER_TOKEN => StructBuilder::JsonText(Tree::Null),
            _ => StructBuilder::Fields(map(None)),
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<MapBuilder, Error> {
        Ok(map(Some(variant)))
    }
}

impl ListBuilder {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.items.push(value.serialize(TreeSerializer)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        named(self.variant, Tree::List(self.items))
    }
}

impl SerializeSeq for ListBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.finish())
    }
}

impl SerializeTuple for ListBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.finish())
    }
}

impl SerializeTupleStruct for ListBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.finish())
    }
}

impl SerializeTupleVariant for ListBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.finish())
    }
}

impl SerializeMap for MapBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key.serialize(KeySerializer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self
            .key
            .take()
            .ok_or_else(|| Error::custom("a map value without a key"))?;
        self.pairs.push((key, value.serialize(TreeSerializer)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, Error> {
        // A flattened map may repeat a field of its struct.
        Ok(named(self.variant, Tree::from_pairs(self.pairs)))
    }
}

impl SerializeStructVariant for MapBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.pairs
            .push((key.to_owned(), value.serialize(TreeSerializer)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(named(self.variant, Tree::Map(self.pairs)))
    }
}

impl SerializeStruct for StructBuilder {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match self {
            Self::Fields(fields) => SerializeStructVariant::serialize_field(fields, key, value),
            Self::JsonText(tree) => {
                if let Tree::Text(text) = value.serialize(TreeSerializer)? {
                    *tree = serde_json::from_str(&text)?;
                }
                Ok(())
            }
        }
    }

    fn end(self) -> Result<Tree, Error> {
        match self {
            Self::Fields(fields) => SerializeStructVariant::end(fields),
            Self::JsonText(tree) => Ok(tree),
        }
    }
}
