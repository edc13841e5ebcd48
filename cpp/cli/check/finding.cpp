#include "cli/check/finding.h"

#include <algorithm>
#include <utility>

#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

void Findings::fault(std::string code, std::string file, std::string message, std::string remedy,
                     bool is_repairable) {
  all_.push_back({Severity::Fault, std::move(code), std::move(file), std::move(message),
                  std::move(remedy), is_repairable});
}

void Findings::repairable_fault(std::string code, std::string file, std::string message) {
  fault(std::move(code), std::move(file), std::move(message),
        "safetensors repair writes a valid file", true);
}

void Findings::warning(std::string code, std::string file, std::string message,
                       std::string remedy) {
  all_.push_back({Severity::Warning, std::move(code), std::move(file), std::move(message),
                  std::move(remedy), false});
}

const Finding* Findings::obstacle() const {
  const auto found = std::find_if(all_.begin(), all_.end(), [](const Finding& finding) {
    if (finding.severity == Severity::Warning) return finding.code == "ambiguous";
    return !finding.is_repairable && finding.code != "index";  // repair writes a new index
  });
  return found == all_.end() ? nullptr : &*found;
}

std::uint64_t Findings::count(Severity severity) const {
  return static_cast<std::uint64_t>(
      std::count_if(all_.begin(), all_.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

void Findings::print(Output& out) const {
  for (const Severity severity : {Severity::Fault, Severity::Warning})
    for (const Finding& finding : all_) {
      if (finding.severity != severity) continue;
      const bool is_fault = severity == Severity::Fault;
      std::string line =
          out.painted(is_fault ? Style::Red : Style::Yellow, is_fault ? "fault" : "warning") + ": ";
      if (!finding.file.empty()) line += readable(finding.file).text + ": ";
      line += finding.message;
      if (!finding.remedy.empty()) line += ". " + finding.remedy;
      out.print_line(line);
    }
}

std::string some_names(const std::vector<std::string>& names) {
  constexpr std::size_t most_names = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most_names; ++i)
    text += (i > 0 ? ", " : "") + quote(names[i]);
  if (names.size() > most_names) text += " and " + grouped(names.size() - most_names) + " more";
  return text;
}

}  // namespace safetensors::cli
