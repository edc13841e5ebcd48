#include <c10/util/ArrayRef.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <unordered_set>

#include "model/load_match.h"
#include "names/quote.h"

namespace safetensors {

namespace {

st_status error_code(const LoadReport& report, const Tolerance& tolerance) {
  if (!report.mismatched.empty() && !tolerance.mismatched) return ST_E_SIZE_MISMATCH;
  const bool is_missing = !report.missing.empty() && !tolerance.missing;
  return is_missing ? ST_E_TENSOR_NOT_FOUND : ST_E_INVALID_ARGUMENT;
}

// The prefix that makes every name of `shorter` one of `longer`; empty if no prefix does.
std::string common_prefix(const std::vector<std::string>& shorter,
                          const std::vector<std::string>& longer) {
  if (shorter.empty()) return "";
  const std::unordered_set<std::string_view> names(longer.begin(), longer.end());
  for (const auto& name : longer) {
    if (!name.ends_with(shorter[0])) continue;
    const std::string prefix = name.substr(0, name.size() - shorter[0].size());
    if (prefix.empty()) continue;
    if (std::ranges::all_of(shorter,
                            [&](const auto& rest) { return names.contains(prefix + rest); }))
      return prefix;
  }
  return "";
}

// How the names would fit, if one prefix is the whole difference.
std::string hint(const std::string& noun, const LoadReport& report) {
  if (const auto prefix = common_prefix(report.missing, report.unexpected); !prefix.empty())
    return "\n  the names in the " + noun + " have the prefix " + quote(prefix) +
           ": load with Renames().strip_prefix(" + quote(prefix) + ")";
  if (const auto prefix = common_prefix(report.unexpected, report.missing); !prefix.empty())
    return "\n  the names in the " + noun + " lack the prefix " + quote(prefix) +
           ": load with Renames().add_prefix(" + quote(prefix) + ")";
  return "";
}

std::string describe(const EntrySource& source, std::string_view target, const LoadReport& report,
                     const Tolerance& tolerance) {
  const std::string noun = source.noun();
  std::ostringstream text;
  text << source.description() << " does not match " << target << ':';
  if (!report.missing.empty() && !tolerance.missing)
    text << "\n  missing from the " << noun << ": " << quote_all(report.missing);
  if (!report.unexpected.empty() && !tolerance.unexpected)
    text << "\n  unexpected in the " << noun << ": " << quote_all(report.unexpected);
  if (!tolerance.mismatched) {
    const std::size_t shown = std::min(report.mismatched.size(), longest_list);
    for (std::size_t i = 0; i < shown; ++i) {
      const auto& mismatch = report.mismatched[i];
      text << "\n  " << quote(mismatch.name) << " has the shape "
           << c10::IntArrayRef(mismatch.file_shape) << " in the " << noun << " and "
           << c10::IntArrayRef(mismatch.model_shape) << " in " << target;
    }
    if (shown < report.mismatched.size())
      text << "\n  and " << report.mismatched.size() - shown << " more have different shapes";
  }
  if (tolerance.can_rename) text << hint(noun, report);
  return std::move(text).str();
}

std::string describe_conversions(const std::string& file, const LoadReport& report) {
  std::ostringstream text;
  text << "exact_dtype is set, but values of " << file << " would be converted:";
  const std::size_t shown = std::min(report.converted.size(), longest_list);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [name, from, to] = report.converted[i];
    text << (i > 0 ? ", " : " ") << quote(name) << " from " << from << " to " << to;
  }
  if (shown < report.converted.size())
    text << " and " << report.converted.size() - shown << " more";
  return std::move(text).str();
}

}  // namespace

void check_match(const EntrySource& source, std::string_view target, const LoadReport& report,
                 const Tolerance& tolerance) {
  const bool fits = (report.missing.empty() || tolerance.missing) &&
                    (report.unexpected.empty() || tolerance.unexpected) &&
                    (report.mismatched.empty() || tolerance.mismatched);
  if (!fits)
    throw ModelMismatchError(error_code(report, tolerance),
                             describe(source, target, report, tolerance), report);
  if (!report.converted.empty() && !tolerance.conversion)
    throw Error(ST_E_DTYPE, describe_conversions(source.description(), report));
}

}  // namespace safetensors
