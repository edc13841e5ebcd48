#include "input.h"

namespace corpus {

std::string file_claiming(std::uint64_t length, std::string_view header, std::size_t data_size) {
  std::string bytes;
  bytes.reserve(8 + header.size() + data_size);
  for (int shift = 0; shift < 64; shift += 8)
    bytes += static_cast<char>(length >> shift & 0xFF);
  bytes += header;
  bytes.resize(bytes.size() + data_size, '\x2A');
  return bytes;
}

std::string file(std::string_view header, std::size_t data_size) {
  return file_claiming(header.size(), header, data_size);
}

std::string member(const Entry& entry) {
  return entry.name + ":{" + entry.before + "\"dtype\":" + entry.dtype +
         ",\"shape\":" + entry.shape + ",\"data_offsets\":" + entry.offsets + entry.after + "}";
}

std::string header(const std::vector<std::string>& members) {
  std::string text = "{";
  for (const std::string& member : members) {
    if (text.size() > 1) text += ',';
    text += member;
  }
  return text + '}';
}

std::string one(const Entry& entry, std::size_t data_size) {
  return file(header({member(entry)}), data_size);
}

std::string bytes_member(std::string_view name, std::uint64_t begin, std::uint64_t end) {
  const std::string from = std::to_string(begin), to = std::to_string(end);
  return member({.name = '"' + std::string(name) + '"',
                 .dtype = "\"U8\"",
                 .shape = "[" + std::to_string(end - begin) + "]",
                 .offsets = "[" + from + "," + to + "]"});
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

}  // namespace corpus
