// Metadata: keys and values of a file's __metadata__, from any range of pairs of strings.
#ifndef SAFETENSORS_WRAPPER_METADATA_HPP
#define SAFETENSORS_WRAPPER_METADATA_HPP

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace safetensors {

namespace detail {

using MetadataMap = std::map<std::string, std::string, std::less<>>;

// Whether the I-th of a pair of the range is text.
template <class Range, std::size_t I>
using text_of_pair_t = std::enable_if_t<std::is_convertible_v<
    decltype(std::get<I>(*std::begin(std::declval<Range&>()))), std::string_view>>;

template <class Range, class = void>
struct is_string_pairs : std::false_type {};
template <class Range>
struct is_string_pairs<Range, std::void_t<text_of_pair_t<Range, 0>, text_of_pair_t<Range, 1>,
                                          decltype(std::end(std::declval<Range&>()))>>
    : std::true_type {};

// Whether it is one, but not a MetadataMap, which has constructors of its own.
template <class Range>
constexpr bool is_string_pairs_v =
    std::conjunction_v<std::negation<std::is_base_of<MetadataMap, std::decay_t<Range>>>,
                       is_string_pairs<Range>>;

}  // namespace detail

// A map of strings, ordered by the bytes of the keys. Ranges of pairs of strings convert to it:
// std::unordered_map, std::map with any order, std::vector<std::pair<std::string, std::string>>. Of
// entries with equal keys the first counts.
class Metadata : public detail::MetadataMap {
 public:
  using map::map;
  Metadata() = default;
  Metadata(const detail::MetadataMap& entries) : map(entries) {}
  Metadata(detail::MetadataMap&& entries) noexcept : map(std::move(entries)) {}

  template <class Range, std::enable_if_t<detail::is_string_pairs_v<Range>, int> = 0>
  Metadata(Range&& entries) {
    for (auto&& entry : entries)
      emplace(std::string_view(std::get<0>(entry)), std::string_view(std::get<1>(entry)));
  }
};

}  // namespace safetensors

#endif
