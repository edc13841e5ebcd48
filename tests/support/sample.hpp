// A small valid file, written by hand, for the tests of the C++ wrapper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

// The bytes of a file with this header, padded with spaces, and this data.
inline std::vector<std::byte> file_of(std::string header, const std::string& data) {
  while (header.size() % 8 != 0)
    header += ' ';
  std::vector<std::byte> file(8);
  for (unsigned i = 0; i < 8; ++i)
    file[i] = std::byte(header.size() >> (8 * i) & 0xff);
  for (const char c : header + data)
    file.push_back(std::byte(static_cast<unsigned char>(c)));
  return file;
}

// The bytes of values, as text.
template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes;
  for (const T& value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

// count I64 scalar 7 | empty F32 0 x 4 | matrix F32 2 x 3: 0 1 2 / 3 4 5 | ü BF16 2: 1 -2 |
// nibbles F4 2 x 2. The order and spacing of the reference implementation.
inline std::vector<std::byte> sample() {
  return file_of(R"({"__metadata__":{"format":"pt","note":""},)"
                 R"("count":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                 R"("empty":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]},)"
                 R"("matrix":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
                 R"("ü":{"dtype":"BF16","shape":[2],"data_offsets":[32,36]},)"
                 R"("nibbles":{"dtype":"F4","shape":[2,2],"data_offsets":[36,38]}})",
                 bytes_of<std::int64_t>({7}) + bytes_of<float>({0, 1, 2, 3, 4, 5}) +
                     bytes_of<std::uint16_t>({0x3f80, 0xc000}) +
                     bytes_of<std::uint8_t>({0x21, 0x43}));
}
