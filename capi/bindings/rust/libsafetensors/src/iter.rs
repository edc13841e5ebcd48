//! Iterators over the tensors, the metadata and the shards of a file.

use crate::{File, Order, Shard, TensorInfo};
use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;

macro_rules! file_iterator {
    ($(#[$doc:meta])* $name:ident yields $item:ty, $get:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'file> {
            file: &'file File<'file>,
            order: Order,
            indices: Range<usize>,
        }

        impl<'file> $name<'file> {
            fn item(&self, index: usize) -> $item {
                let get: fn(&'file File<'file>, Order, usize) -> $item = $get;
                get(self.file, self.order, index)
            }
        }

        impl<'file> Iterator for $name<'file> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.indices.next().map(|index| self.item(index))
            }

            fn nth(&mut self, n: usize) -> Option<$item> {
                self.indices.nth(n).map(|index| self.item(index))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.indices.size_hint()
            }
        }

        impl<'file> DoubleEndedIterator for $name<'file> {
            fn next_back(&mut self) -> Option<$item> {
                self.indices.next_back().map(|index| self.item(index))
            }
        }

        impl ExactSizeIterator for $name<'_> {}
        impl FusedIterator for $name<'_> {}

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

/// Why an index below a count of the same file is valid.
const IN_RANGE: &str = "the index is below the count";

file_iterator! {
    /// The tensors of a file, from [`File::tensors`].
    Tensors yields TensorInfo<'file>,
    |file, order, index| file.info_at(order, index).expect(IN_RANGE)
}

file_iterator! {
    /// The metadata entries of a file, as key and value, from [`File::metadata`].
    Metadata yields (&'file str, &'file str),
    |file, _, index| file.metadata_at(index).expect(IN_RANGE)
}

file_iterator! {
    /// The shards of a set, from [`File::shards`].
    Shards yields Shard<'file>,
    |file, _, index| file.shard(index).expect(IN_RANGE)
}

/// Iterators.
impl File<'_> {
    /// The tensors in `order`.
    pub fn tensors(&self, order: Order) -> Tensors<'_> {
        Tensors {
            file: self,
            order,
            indices: 0..self.len(),
        }
    }

    /// The metadata entries as key and value, ordered by the bytes of the key.
    pub fn metadata(&self) -> Metadata<'_> {
        Metadata {
            file: self,
            order: Order::Name,
            indices: 0..self.metadata_len(),
        }
    }

    /// The shards, in the order of their paths' bytes.
    pub fn shards(&self) -> Shards<'_> {
        Shards {
            file: self,
            order: Order::Name,
            indices: 0..self.shard_count(),
        }
    }
}

/// The tensors by file offset.
impl<'file> IntoIterator for &'file File<'_> {
    type Item = TensorInfo<'file>;
    type IntoIter = Tensors<'file>;

    fn into_iter(self) -> Tensors<'file> {
        self.tensors(Order::File)
    }
}
