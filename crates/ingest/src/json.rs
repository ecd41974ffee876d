//! One JSON text (RFC 8259) as a flat list of nodes that borrow from it.
//!
//! 1. [`Tape::parse`] walks the text once, without recursion, and writes one node per key, value and container;
//!    a node knows its token and the node that follows its whole subtree.
//! 2. [`Value`] and [`Object`] read the nodes. Nothing is copied but strings that hold escapes.
//!
//! Guarantees: exactly the texts that the reference ingest takes are taken (domain specification §2.3): RFC 8259,
//! plus the literals `NaN`, `Infinity` and `-Infinity`; not a lone surrogate escape, not an integer of more than
//! [`INTEGER_DIGITS_MAX`] digits, not more than [`NESTING_MAX`] containers inside each other. Number tokens keep
//! their text. Of a repeated key the last value counts.

mod scan;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use scan::Scanner;

/// Containers inside each other at the most; the outermost one counts.
pub(crate) const NESTING_MAX: usize = 992;

/// Characters of an integer token at the most.
pub(crate) const INTEGER_DIGITS_MAX: usize = 4300;

/// What a value is. Numbers are told apart by their spelling: a fraction or exponent makes a [`Kind::Float`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Integer,
    Float,
    /// One of the literals `NaN`, `Infinity`, `-Infinity`.
    NotFinite,
    Text,
    /// A text with at least one escape.
    EscapedText,
    Array,
    Object,
}

/// A token: `start..end` is its place in the text (of a string without the quotes, of a container with brackets).
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    /// Index of the node after this one and all that is inside it.
    next: u32,
}

/// The text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Nodes of one text; the memory is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
    open: Vec<u32>,
}

impl Tape {
    /// Reads `text`, which must hold one JSON value and at most 4 GiB.
    pub(crate) fn parse<'a>(&'a mut self, text: &'a str) -> Result<Value<'a>, Malformed> {
        self.nodes.clear();
        self.open.clear();
        if u32::try_from(text.len()).is_err() {
            return Err(Malformed);
        }
        Scanner::new(text.as_bytes(), &mut self.nodes, &mut self.open).document()?;
        Ok(Value {
            text,
            nodes: &self.nodes,
            index: 0,
        })
    }
}

/// A value inside a parsed text.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a str,
    nodes: &'a [Node],
    index: u32,
}

impl<'a> Value<'a> {
    fn node(self) -> Node {
        self.nodes[self.index as usize]
    }

    fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// The token as written; of a string what stands between the quotes.
    pub(crate) fn raw(self) -> &'a str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// The characters of a string, `None` for anything else.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text => Some(Cow::Borrowed(self.raw())),
            Kind::EscapedText => Some(Cow::Owned(text::unescape(self.raw()))),
            _ => None,
        }
    }

    /// Whether it is the string `expected`.
    pub(crate) fn is_text(self, expected: &str) -> bool {
        match self.kind() {
            Kind::Text => self.raw() == expected,
            Kind::EscapedText => text::unescape(self.raw()) == expected,
            _ => false,
        }
    }

    /// The nearest double of a number; infinite when it is too large, NaN for a literal that is not finite.
    pub(crate) fn float(self) -> Option<f64> {
        match self.kind() {
            // Adding zero turns -0 into 0.
            Kind::Integer | Kind::Float => {
                self.raw().parse::<f64>().ok().map(|number| number + 0.0)
            }
            Kind::NotFinite => Some(f64::NAN),
            _ => None,
        }
    }

    /// Whether a dynamic language takes it for true: not null, false, zero or empty.
    pub(crate) fn is_truthy(self) -> bool {
        match self.kind() {
            Kind::Null | Kind::False => false,
            Kind::True | Kind::NotFinite | Kind::EscapedText => true,
            Kind::Integer | Kind::Float => self.float() != Some(0.0),
            Kind::Text => !self.raw().is_empty(),
            Kind::Array | Kind::Object => self.node().next > self.index + 1,
        }
    }

    /// The object that it is.
    pub(crate) fn object(self) -> Option<Object<'a>> {
        (self.kind() == Kind::Object).then_some(Object(self))
    }

    /// The items of the array that it is.
    pub(crate) fn items(self) -> Option<impl Iterator<Item = Value<'a>> + Clone> {
        (self.kind() == Kind::Array).then(|| Children {
            parent: self,
            index: self.index + 1,
            end: self.node().next,
        })
    }

    /// The value as JSON text without blanks: of a repeated key the last value in the place of the first, and
    /// `null` for literals that are not finite, which are no JSON.
    pub(crate) fn to_json(self) -> String {
        let mut json = String::with_capacity(self.raw().len());
        text::write_value(self, &mut json);
        json
    }
}

/// An object inside a parsed text.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(Value<'a>);

impl<'a> Object<'a> {
    /// Keys (always strings) and values in the order of the text, repeated keys included.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + Clone {
        let mut children = Children {
            parent: self.0,
            index: self.0.index + 1,
            end: self.0.node().next,
        };
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The value of a key; of a repeated key the last one.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        let mut found = None;
        for (key, value) in self.entries() {
            if key.is_text(name) {
                found = Some(value);
            }
        }
        found
    }
}

/// The direct children of a container.
#[derive(Clone)]
struct Children<'a> {
    parent: Value<'a>,
    index: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.index >= self.end {
            return None;
        }
        let child = self.parent.at(self.index);
        self.index = child.node().next;
        Some(child)
    }
}

/// `text` as a JSON string with its quotes.
pub(crate) fn quote(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    text::write_string(text, &mut json);
    json
}
