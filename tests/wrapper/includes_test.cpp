// The wrapper does not make every program compile the standard headers of threads.
#include <safetensors/safetensors.hpp>

#if defined(_GLIBCXX_MUTEX) || defined(_LIBCPP_MUTEX)
#error "safetensors.hpp includes <mutex>"
#endif
#if defined(_GLIBCXX_THREAD) || defined(_LIBCPP_THREAD)
#error "safetensors.hpp includes <thread>"
#endif
