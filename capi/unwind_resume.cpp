// How this library's functions continue to unwind after their destructors have run.
//
// A process can have two unwinders, libgcc_s and libunwind. libstdc++ raises an exception through
// the one that its own symbols are bound to; a library that was loaded with RTLD_DEEPBIND finds the
// other one, and an unwinder that continues the other's exception aborts the process. The
// compiler's calls of _Unwind_Resume are therefore bound to this function, which raises the
// exception again through libstdc++. Linked into the shared library only: in a program, it would
// replace _Unwind_Resume for the program's own functions.
#include <cxxabi.h>
#include <unwind.h>

#include <cstddef>
#include <exception>
#include <new>
#include <typeinfo>

namespace {

// The header before a C++ exception object: section 2.2.1 of the Itanium C++ ABI for exception
// handling.
struct CxaException {
  std::type_info* type;
  void (*destructor)(void*);
  void (*unexpected_handler)();
  void (*terminate_handler)();
  CxaException* next;
  int handler_count;
  int handler_switch_value;
  const unsigned char* action_record;
  const unsigned char* language_specific_data;
  void* catch_temporary;
  void* adjusted_pointer;
  _Unwind_Exception unwind_header;
};

// Whether `raised` is a C++ exception that a throw expression created, so that a CxaException is
// before it: its class is the vendor and "C++\0".
bool is_thrown(const _Unwind_Exception& raised) {
  return (raised.exception_class & 0xFFFFFFFF) == 0x432B2B00;
}

}  // namespace

extern "C" void _Unwind_Resume(_Unwind_Exception* raised) {
  abi::__cxa_begin_catch(raised);
  // pthread_exit in a callback, or another language's exception.
  if (!is_thrown(*raised)) abi::__cxa_rethrow();

  auto* const object = reinterpret_cast<std::byte*>(raised + 1);
  auto* const header = reinterpret_cast<CxaException*>(object - sizeof(CxaException));
  if (header->handler_count > 1) {  // the handler that throws it again has not ended yet
    abi::__cxa_end_catch();
    abi::__cxa_rethrow();
  }
  // __cxa_throw takes over the reference that keeps the object when the catch ends.
  alignas(std::exception_ptr) std::byte reference[sizeof(std::exception_ptr)];
  new (reference) std::exception_ptr(std::current_exception());
  abi::__cxa_end_catch();
  header->handler_count = 0;  // __cxa_end_catch does not store the last decrement
  abi::__cxa_throw(object, header->type, header->destructor);
}
