#include "cli/hash/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <new>

#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

std::string hex_text(const unsigned char* bytes, std::size_t nbytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < nbytes; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

// A function of libcrypto failed: it lacks memory, or the system's policy forbids the algorithm.
void require_success(int result) {
  if (result != 1) throw IoError("libcrypto cannot compute the hash");
}

struct FreeEvp {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeXxh3 {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

}  // namespace

// One of the two is not null.
struct Digest::State {
  std::unique_ptr<EVP_MD_CTX, FreeEvp> evp;
  std::unique_ptr<XXH3_state_t, FreeXxh3> xxh3;
};

std::string_view algorithm_name(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::Sha256:
      return "sha256";
    case HashAlgorithm::Sha1:
      return "sha1";
    default:
      return "xxh3";
  }
}

HashAlgorithm algorithm_from_name(std::string_view name) {
  for (const HashAlgorithm algorithm : {HashAlgorithm::Sha256, HashAlgorithm::Xxh3})
    if (name == algorithm_name(algorithm)) return algorithm;
  throw UsageError("unknown hash algorithm " + quote(name) + ": expected sha256 or xxh3");
}

Digest::Digest(HashAlgorithm algorithm) : state_(std::make_unique<State>()) {
  if (algorithm == HashAlgorithm::Xxh3) {
    state_->xxh3.reset(XXH3_createState());
    if (!state_->xxh3) throw std::bad_alloc();
    XXH3_64bits_reset(state_->xxh3.get());
    return;
  }
  state_->evp.reset(EVP_MD_CTX_new());
  if (!state_->evp) throw std::bad_alloc();
  const EVP_MD* const type = algorithm == HashAlgorithm::Sha256 ? EVP_sha256() : EVP_sha1();
  require_success(EVP_DigestInit_ex(state_->evp.get(), type, nullptr));
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(Bytes bytes) {
  if (state_->evp)
    require_success(EVP_DigestUpdate(state_->evp.get(), bytes.data(), bytes.size()));
  else
    XXH3_64bits_update(state_->xxh3.get(), bytes.data(), bytes.size());
}

void Digest::update(std::string_view text) {
  update(Bytes(reinterpret_cast<const std::byte*>(text.data()), text.size()));
}

std::string Digest::hex() {
  unsigned char hash[EVP_MAX_MD_SIZE];
  if (state_->evp) {
    unsigned length = 0;
    require_success(EVP_DigestFinal_ex(state_->evp.get(), hash, &length));
    return hex_text(hash, length);
  }
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, XXH3_64bits_digest(state_->xxh3.get()));
  return hex_text(canonical.digest, sizeof canonical.digest);
}

}  // namespace safetensors::cli
