// Span: a non-owning view of contiguous elements, as std::span in C++20.
#ifndef SAFETENSORS_WRAPPER_SPAN_HPP
#define SAFETENSORS_WRAPPER_SPAN_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <type_traits>
#if defined(__has_include) && __cplusplus >= 202002L
#if __has_include(<span>)
#include <span>
#endif
#endif

namespace safetensors {

template <class T>
class Span;

namespace detail {

template <class T>
struct is_view : std::false_type {};
template <class T>
struct is_view<Span<T>> : std::true_type {};
template <class C, class Traits>
struct is_view<std::basic_string_view<C, Traits>> : std::true_type {};
#ifdef __cpp_lib_span
template <class T, std::size_t N>
struct is_view<std::span<T, N>> : std::true_type {};
#endif

template <class T>
using remove_cvref_t = std::remove_cv_t<std::remove_reference_t<T>>;

// Elements whose bytes can be stored in a file.
template <class T>
inline constexpr bool is_plain_v = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

// Whether T is a matrix, vector, array, block or map of Eigen.
template <class T, class = void>
inline constexpr bool is_eigen_v = false;
template <class T>
inline constexpr bool is_eigen_v<
    T, std::void_t<typename T::PlainObject, typename T::Scalar, decltype(T::IsRowMajor)>> = true;

// Whether a Range is a matrix or an array of Eigen whose elements may not be dense in row-major
// order: a column-major matrix, a block, a map with strides.
template <class Range, class = void>
inline constexpr bool may_be_strided_v = false;
template <class Range>
inline constexpr bool
    may_be_strided_v<Range, std::void_t<typename Range::PlainObject, decltype(Range::IsRowMajor)>> =
        Range::IsVectorAtCompileTime
            ? Range::InnerStrideAtCompileTime != 1
            : !(Range::IsRowMajor && std::is_same_v<typename Range::PlainObject, Range>);

// Whether a From[] can be viewed as a To[]: the same type, perhaps const, or any plain type as
// bytes.
template <class From, class To>
inline constexpr bool is_viewable_v = std::is_convertible_v<From (*)[], To (*)[]> ||
                                      (std::is_same_v<std::remove_cv_t<To>, std::byte> &&
                                       is_plain_v<From> &&
                                       (std::is_const_v<To> || !std::is_const_v<From>));

}  // namespace detail

// A non-owning view of `size` elements. Converts to and from std::span in C++20. Constructed from
// anything with data() and size() that outlives the expression: arrays, lvalue containers, other
// views; of Eigen's matrices, those that are dense in row-major order. A span of bytes is also
// constructed from elements of any plain type, as the bytes of a std::vector<float>.
template <class T>
class Span {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;

  constexpr Span() noexcept = default;
  constexpr explicit Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}

  template <class Range, class Pointer = decltype(std::data(std::declval<Range&>())),
            class = decltype(std::size(std::declval<Range&>())),
            class From = std::remove_pointer_t<Pointer>,
            std::enable_if_t<!std::is_same_v<detail::remove_cvref_t<Range>, Span> &&
                                 (std::is_lvalue_reference_v<Range> ||
                                  detail::is_view<detail::remove_cvref_t<Range>>::value) &&
                                 detail::is_viewable_v<From, T> &&
                                 !detail::may_be_strided_v<detail::remove_cvref_t<Range>>,
                             int> = 0>
  constexpr Span(Range&& range) noexcept {  // NOLINT: implicit, as std::span is
    if constexpr (std::is_convertible_v<From*, T*>) {
      data_ = std::data(range);
      size_ = std::size(range);
    } else {
      data_ = reinterpret_cast<T*>(std::data(range));
      size_ = std::size(range) * sizeof(From);
    }
  }

  // A braced list as an argument: {2, 3}. Valid until the end of the call.
  template <class U = T,
            std::enable_if_t<std::is_const_v<U> && !std::is_same_v<U, const std::byte>, int> = 0>
  constexpr Span(std::initializer_list<value_type> list) noexcept : size_(list.size()) {
    data_ = list.begin();
  }

  constexpr T* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T& operator[](std::size_t index) const noexcept { return data_[index]; }
  constexpr T* begin() const noexcept { return data_; }
  constexpr T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

using Bytes = Span<const std::byte>;
using MutableBytes = Span<std::byte>;

namespace detail {

// A container that owns its elements: passing it as an rvalue transfers their ownership.
template <class Container>
inline constexpr bool is_owned_container_v =
    !std::is_reference_v<Container> && !std::is_array_v<Container> && !is_view<Container>::value &&
    std::is_constructible_v<Bytes, const Container&>;

// The type of the elements of a container or view.
template <class Container>
using element_t =
    std::remove_cv_t<std::remove_pointer_t<decltype(std::data(std::declval<const Container&>()))>>;

// A container or view whose elements are not bytes.
template <class Container, class = void>
inline constexpr bool is_typed_v = false;
template <class Container>
inline constexpr bool is_typed_v<Container, std::void_t<element_t<Container>>> =
    std::is_constructible_v<Bytes, const Container&> &&
    !std::is_same_v<element_t<Container>, std::byte>;

}  // namespace detail

}  // namespace safetensors

#ifdef __cpp_lib_span
// A Span does not own its elements, so that std::span accepts one as an rvalue.
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<safetensors::Span<T>> = true;
#endif

#endif
