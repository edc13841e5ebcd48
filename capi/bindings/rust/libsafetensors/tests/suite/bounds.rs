//! Send and Sync, where they are true and only there.

use libsafetensors::*;

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}

#[test]
fn handles_are_send_and_sync() {
    is_send::<File<'static>>();
    is_sync::<File<'static>>();
    is_send::<Tensor<'static>>();
    is_sync::<Tensor<'static>>();
    is_send::<TensorMut<'static>>();
    is_sync::<TensorMut<'static>>();
    is_send::<Dlpack<'static>>();
    is_sync::<Dlpack<'static>>();
    is_send::<Writer>();
    is_sync::<Writer>();
    is_send::<Error>();
    is_sync::<Error>();
    is_send::<Tensors<'static>>();
    is_sync::<TensorInfo<'static>>();
    is_send::<OpenOptions>();
    is_send::<SetOptions<'static>>();
    is_sync::<SetOptions<'static>>();
    is_sync::<Edit<'static>>();
    is_send::<Builder<'static>>();
    is_send::<SetWriter>();
}

/// Implemented twice for types that are Sync, so that the call is ambiguous for them.
trait AmbiguousIfSync<A> {
    fn is_not_sync() -> bool {
        true
    }
}
impl<T: ?Sized> AmbiguousIfSync<()> for T {}
impl<T: ?Sized + Sync> AmbiguousIfSync<u8> for T {}

#[test]
fn builders_and_set_writers_are_not_sync() {
    assert!(<Builder<'static> as AmbiguousIfSync<_>>::is_not_sync());
    assert!(<SetWriter as AmbiguousIfSync<_>>::is_not_sync());
}

#[test]
fn files_are_covariant_in_what_they_borrow() {
    fn shorten<'short>(file: File<'static>, _borrowed: &'short [u8]) -> File<'short> {
        file
    }
    let bytes = crate::scratch::sample();
    let file = shorten(File::copy_bytes(&bytes).unwrap(), &bytes);
    assert_eq!(file.len(), 2);
}
