//! Tests of the crate against the library, one module for each part of the interface.

// Slices of tensors with one dimension have one range.
#![allow(clippy::single_range_in_vec_init)]

mod bounds;
mod callbacks;
mod coverage;
mod dlpack;
mod edit;
mod open;
mod query;
mod read;
mod save;
mod scratch;
mod set_stage;
mod sets;
mod tensors;
mod threads;
mod writer;
