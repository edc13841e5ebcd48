#include "cli/compare/diff_text.h"

#include <cstring>

#include "cli/output/numbers.h"
#include "cli/output/text.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t most_lines = 20;
constexpr std::size_t value_width = 60;  // of a metadata value
constexpr std::size_t narrowest_name = 12;
const std::string gap = "  ", indent = "    ";

// Prints lines of one kind, and how many are left out.
class Lines {
 public:
  Lines(const char* mark, Style style, bool all, Output& out)
      : mark_(mark), style_(style), all_(all), out_(out) {}

  // On a terminal, the texts that do not fit on a line are on the next ones.
  void print(std::string_view name, const std::vector<std::string>& texts) {
    if (++count_ > most_lines && !all_) return;
    const std::size_t taken = std::strlen(mark_) + 1 + gap.size() + texts[0].size() + 1;
    const std::size_t rest = out_.width() > taken ? out_.width() - taken : 0;
    const Cell shown = fitted(name, std::max(narrowest_name, rest));
    std::string line = std::string(mark_) + ' ' + shown.text + gap;
    std::size_t used = std::strlen(mark_) + 1 + shown.width + gap.size();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::size_t width = readable(texts[i]).width + 1;
      if (i > 0 && used + 1 + width > out_.width()) {
        out_.print_line(out_.painted(style_, line));
        line = indent;
        used = indent.size();
      } else if (i > 0) {
        line += ' ';
        ++used;
      }
      line += texts[i];
      used += width;
    }
    out_.print_line(out_.painted(style_, line));
  }

  void print_rest() {
    if (count_ > most_lines && !all_)
      out_.print_line(std::string(mark_) + " ... " + counted(count_ - most_lines, "more line") +
                      ": --all prints them");
  }

 private:
  const char* mark_;
  Style style_;
  bool all_;
  Output& out_;
  std::size_t count_ = 0;
};

std::string type_of(const TensorInfo& tensor) {
  return type_text(tensor.dtype, tensor.shape);
}

std::vector<std::string> pair_texts(const TensorPair& pair) {
  std::string type = type_of(pair.a);
  if (!pair.has_same_type) type += " -> " + type_of(pair.b);
  const ValueDifference& values = pair.values;
  if (pair.has_values && values.count > 0)
    return {type + ":", "max " + number_text("%.3g,", values.max_abs),
            "RMS " + number_text("%.3g,", values.rms()),
            "cosine " + number_text("%.6f,", values.cosine()),
            grouped(values.differing) + " of " + grouped(values.count) + " values"};
  if (!pair.has_same_type) return {type};
  return {type + ":", "differs from byte " + grouped(pair.first_byte) + " on"};
}

std::string value_text(const std::string& value) {
  return fitted(value, value_width).text;
}

void print_metadata(const ModelDiff& diff, bool all, Output& out) {
  Lines removed("- metadata", Style::Red, all, out), added("+ metadata", Style::Green, all, out),
      changed("~ metadata", Style::Yellow, all, out);
  for (const auto& [key, value] : diff.metadata_a)
    removed.print(key, {"= " + value_text(value)});
  removed.print_rest();
  for (const auto& [key, value] : diff.metadata_b)
    added.print(key, {"= " + value_text(value)});
  added.print_rest();
  for (const MetadataChange& change : diff.metadata_changed)
    changed.print(change.key, {"= " + value_text(change.a), "-> " + value_text(change.b)});
  changed.print_rest();
}

void print_tensors(const char* mark, Style style, const std::vector<TensorInfo>& tensors, bool all,
                   Output& out) {
  Lines lines(mark, style, all, out);
  for (const TensorInfo& tensor : tensors)
    lines.print(tensor.name, {type_of(tensor)});
  lines.print_rest();
}

}  // namespace

void print_diff(const ModelDiff& diff, bool all, Output& out) {
  print_metadata(diff, all, out);
  print_tensors("-", Style::Red, diff.only_a, all, out);
  print_tensors("+", Style::Green, diff.only_b, all, out);
  const std::vector<const TensorPair*> changed = diff.changed();
  Lines lines("~", Style::Yellow, all, out);
  for (const TensorPair* const pair : changed)
    lines.print(pair->a.name, pair_texts(*pair));
  lines.print_rest();

  std::uint64_t tolerated = 0;
  for (const TensorPair& pair : diff.pairs)
    tolerated += pair.is_same() && !pair.is_identical() ? 1 : 0;
  const std::uint64_t same = diff.pairs.size() - changed.size() - tolerated;
  std::string line = counted(same, "tensor") + " the same";
  if (tolerated > 0) line += ", " + grouped(tolerated) + " within the tolerance";
  if (!changed.empty()) line += ", " + grouped(changed.size()) + " different";
  if (!diff.only_a.empty()) line += ", " + grouped(diff.only_a.size()) + " only in A";
  if (!diff.only_b.empty()) line += ", " + grouped(diff.only_b.size()) + " only in B";
  if (diff.has_metadata_changes()) line += "; other metadata";
  out.print_line(line);
}

}  // namespace safetensors::cli
