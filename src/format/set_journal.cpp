#include "format/set_journal.h"

#include <charconv>
#include <utility>

namespace st {
namespace {

// Fields end with NUL, which names do not contain.
constexpr std::string_view first_field = "safetensors set journal 1";
constexpr std::string_view last_field = "end";

void append(std::string* text, std::string_view field) {
  text->append(field).push_back('\0');
}

void append(std::string* text, const FileStamp& identity) {
  append(text, std::to_string(identity.inode));
  append(text, std::to_string(identity.size));
  append(text, std::to_string(identity.modified_seconds));
  append(text, std::to_string(identity.modified_nanoseconds));
}

class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text) {}

  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return text_.empty(); }

  std::string_view field() noexcept {
    const std::size_t end = text_.find('\0');
    if (end == text_.npos) {
      ok_ = false;
      return {};
    }
    const std::string_view field = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return field;
  }

  std::string name() {
    const std::string_view name = field();
    if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos) ok_ = false;
    return std::string(name);
  }

  FileStamp identity() noexcept {
    FileStamp identity;
    number(&identity.inode);
    number(&identity.size);
    number(&identity.modified_seconds);
    number(&identity.modified_nanoseconds);
    return identity;
  }

 private:
  template <class Integer>
  void number(Integer* value) noexcept {
    const std::string_view digits = field();
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, *value);
    if (error != std::errc() || stop != end) ok_ = false;
  }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::string write_journal(const SetJournal& journal) {
  std::string text;
  append(&text, first_field);
  append(&text, journal.commit);
  for (const auto& file : journal.added) {
    append(&text, "added");
    append(&text, file.staged);
    append(&text, file.name);
    append(&text, file.identity);
  }
  for (const auto& file : journal.removed) {
    append(&text, "removed");
    append(&text, file.name);
    append(&text, file.identity);
  }
  append(&text, last_field);
  return text;
}

std::optional<SetJournal> parse_journal(std::string_view text) {
  Reader reader(text);
  if (reader.field() != first_field) return std::nullopt;
  SetJournal journal;
  journal.commit = reader.name();
  while (reader.ok()) {
    const std::string_view kind = reader.field();
    if (kind == "added") {
      std::string staged = reader.name();
      std::string name = reader.name();
      journal.added.push_back({std::move(staged), std::move(name), reader.identity()});
    } else if (kind == "removed") {
      std::string name = reader.name();
      journal.removed.push_back({std::move(name), reader.identity()});
    } else if (kind == last_field && reader.ok() && reader.at_end()) {
      return journal;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace st
