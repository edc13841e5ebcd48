// A view of elements that are somewhere else, in C++17 too.
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

// Elements whose bytes mean something in a file.
template <class T>
inline constexpr bool is_plain_v = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

// Whether a T[] can be looked at through elements of type From: the same type, perhaps with const
// added, or any plain type as bytes.
template <class From, class To>
inline constexpr bool is_viewable_v = std::is_convertible_v<From (*)[], To (*)[]> ||
                                      (std::is_same_v<std::remove_cv_t<To>, std::byte> &&
                                       is_plain_v<From> &&
                                       (std::is_const_v<To> || !std::is_const_v<From>));

}  // namespace detail

// `size` elements somewhere else: what std::span is in C++20, and converts to and from. It is made
// from anything with data() and size() that outlives the expression: arrays, lvalue containers,
// other views. A span of bytes is made from elements of any plain type: a std::vector<float> is
// also its bytes.
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
                                 detail::is_viewable_v<From, T>,
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

  // A list written in place, as an argument: {2, 3}. It lives no longer than the call.
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

// A container that is handed over, bytes and all, when it is passed as an rvalue.
template <class Container>
inline constexpr bool is_handed_over_v =
    !std::is_reference_v<Container> && !std::is_array_v<Container> && !is_view<Container>::value &&
    std::is_constructible_v<Bytes, const Container&>;

}  // namespace detail

}  // namespace safetensors

#ifdef __cpp_lib_span
// A Span's elements outlive it: what std::span asks of an rvalue that it is made from.
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<safetensors::Span<T>> = true;
#endif

#endif
