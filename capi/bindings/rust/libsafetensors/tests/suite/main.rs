//! Tests of the crate against the library, one module for each part of the interface.

mod bounds;
mod callbacks;
mod dlpack;
mod edit;
mod open;
mod query;
mod read;
mod save;
mod scratch;
mod sets;
mod tensors;
mod threads;
mod writer;
