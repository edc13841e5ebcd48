//! Callbacks of Rust that the library calls: panics and errors wait in the scope of the call that
//! caused them, because neither may pass through the library's frames.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::mem;
use std::ops::ControlFlow;
use std::os::raw::c_void;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::ptr;
use std::slice;

/// EIO, for errors of callbacks that have no errno value.
const EIO: i32 = 5;

/// What a negative result of a callback means to the library: ST_E_CANCELLED.
const CANCEL: i32 = -1;

type Panic = Box<dyn Any + Send>;

thread_local! {
    /// The scope of the innermost call of this thread.
    static CURRENT: Cell<*const Scope> = const { Cell::new(ptr::null()) };
}

/// What the callbacks of one call into the library left.
#[derive(Default)]
struct Scope {
    panic: Cell<Option<Panic>>,
    error: Cell<Option<io::Error>>,
}

impl Scope {
    /// Keeps the first panic. A later one is forgotten, since its destructor could panic again.
    fn keep_panic(payload: Panic) {
        let scope = CURRENT.with(Cell::get);
        // SAFETY: run() keeps the scope alive while it is the current one.
        match unsafe { scope.as_ref() } {
            Some(scope) => match scope.panic.take() {
                None => scope.panic.set(Some(payload)),
                Some(first) => {
                    scope.panic.set(Some(first));
                    mem::forget(payload);
                }
            },
            None => mem::forget(payload),
        }
    }

    fn keep_error(error: io::Error) {
        let scope = CURRENT.with(Cell::get);
        // SAFETY: as in keep_panic().
        if let Some(scope) = unsafe { scope.as_ref() } {
            scope.error.set(Some(error));
        }
    }
}

/// Restores the outer scope, which it holds, when it is dropped.
struct Entered(*const Scope);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with(|current| current.set(self.0));
    }
}

/// Calls the library. Returns its result and the error of a callback; a panic of a callback
/// continues here.
pub(crate) fn run<R>(call: impl FnOnce() -> R) -> (R, Option<io::Error>) {
    let scope = Scope::default();
    let entered = Entered(CURRENT.with(|current| current.replace(&scope)));
    let result = call();
    drop(entered);
    if let Some(payload) = scope.panic.take() {
        if std::thread::panicking() {
            mem::forget(payload);
        } else {
            resume_unwind(payload);
        }
    }
    (result, scope.error.take())
}

/// The body of a callback: 0, the errno value of an error, or the request to cancel.
fn guard(body: impl FnOnce() -> io::Result<ControlFlow<()>>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(ControlFlow::Continue(()))) => 0,
        Ok(Ok(ControlFlow::Break(()))) => CANCEL,
        Ok(Err(error)) => {
            let code = error.raw_os_error().filter(|code| *code > 0);
            Scope::keep_error(error);
            code.unwrap_or(EIO)
        }
        Err(payload) => {
            Scope::keep_panic(payload);
            CANCEL
        }
    }
}

/// Calls `fill` with the library's buffer. The buffer is zeroed first: it can be uninitialized, and
/// `fill` may read from it or leave a part of it unwritten.
///
/// # Safety
/// `buffer` is valid for writes of `nbytes` bytes.
unsafe fn fill_buffer(
    buffer: *mut c_void,
    nbytes: u64,
    fill: impl FnOnce(&mut [u8]) -> io::Result<()>,
) -> i32 {
    guard(|| {
        let buffer = buffer.cast::<u8>();
        ptr::write_bytes(buffer, 0, nbytes as usize);
        fill(slice::from_raw_parts_mut(buffer, nbytes as usize)).map(ControlFlow::Continue)
    })
}

/// An `st_read_at_fn` or `st_fill_fn` for a `F` at `user_data`.
///
/// # Safety
/// `user_data` points to a `F`, and `buffer` is valid for writes of `nbytes` bytes.
pub(crate) unsafe extern "C" fn fill_shared<F>(
    user_data: *mut c_void,
    offset: u64,
    buffer: *mut c_void,
    nbytes: u64,
) -> i32
where
    F: Fn(u64, &mut [u8]) -> io::Result<()>,
{
    fill_buffer(buffer, nbytes, |buffer| {
        (*user_data.cast::<F>())(offset, buffer)
    })
}

/// An `st_fill_fn` for a `F` at `user_data` that nothing else uses during the call.
///
/// # Safety
/// As `fill_shared`.
pub(crate) unsafe extern "C" fn fill_exclusive<F>(
    user_data: *mut c_void,
    offset: u64,
    buffer: *mut c_void,
    nbytes: u64,
) -> i32
where
    F: FnMut(u64, &mut [u8]) -> io::Result<()>,
{
    fill_buffer(buffer, nbytes, |buffer| {
        (*user_data.cast::<F>())(offset, buffer)
    })
}

/// An `st_read_at_fn` for a reader at `user_data`.
///
/// # Safety
/// As `fill_shared`.
pub(crate) unsafe extern "C" fn read_at<R: crate::ReadAt>(
    user_data: *mut c_void,
    offset: u64,
    buffer: *mut c_void,
    nbytes: u64,
) -> i32 {
    fill_buffer(buffer, nbytes, |buffer| {
        (*user_data.cast::<R>()).read_exact_at(buffer, offset)
    })
}

/// An `st_write_fn` for a `W` at `user_data` that nothing else uses during the call.
///
/// # Safety
/// `user_data` points to a `W`, and `buffer` is valid for reads of `nbytes` bytes.
pub(crate) unsafe extern "C" fn write_all<W: io::Write>(
    user_data: *mut c_void,
    _offset: u64,
    buffer: *const c_void,
    nbytes: u64,
) -> i32 {
    guard(|| {
        let bytes = slice::from_raw_parts(buffer.cast::<u8>(), nbytes as usize);
        let sink = &mut *user_data.cast::<W>();
        sink.write_all(bytes).map(ControlFlow::Continue)
    })
}

/// A progress callback.
pub(crate) type Progress<'a> = dyn Fn(u64, u64) -> ControlFlow<()> + 'a;

/// An `st_progress_fn` for a `&Progress` at `user_data`.
///
/// # Safety
/// `user_data` points to a `&Progress`.
pub(crate) unsafe extern "C" fn progress(user_data: *mut c_void, done: u64, total: u64) -> i32 {
    guard(|| Ok((*user_data.cast::<&Progress>())(done, total)))
}

/// An `st_release_fn` that drops the `Box<T>` whose pointer `user_data` is.
///
/// # Safety
/// `user_data` comes from `Box::<T>::into_raw`.
pub(crate) unsafe extern "C" fn release<T>(user_data: *mut c_void) {
    guard(|| {
        drop(Box::from_raw(user_data.cast::<T>()));
        Ok(ControlFlow::Continue(()))
    });
}
