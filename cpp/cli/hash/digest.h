// Digest: the hash of bytes that come in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

enum class HashAlgorithm { Sha256, Xxh3, Sha1 };

// "sha256", "sha1", "xxh3".
std::string_view algorithm_name(HashAlgorithm algorithm);

// The algorithm of a manifest: not SHA-1, which only Git needs. Throws UsageError for other names.
HashAlgorithm algorithm_from_name(std::string_view name);

class Digest {
 public:
  explicit Digest(HashAlgorithm algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(Bytes bytes);
  void update(std::string_view text);

  // The hash of all bytes in lower-case hexadecimal digits: 64 of SHA-256, 40 of SHA-1, 16 of
  // XXH3 (64 bits, the most significant ones first). The digest must not be used afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace safetensors::cli
