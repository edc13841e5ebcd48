// demo FILE OUT: shows a safetensors file, saves a copy with LibTorch and compares the two.
//
// Prints a table of the tensors of FILE, loads them with safetensors::load_file, prints a few
// values, saves everything to OUT with safetensors::save_file, loads OUT and compares the tensors
// bit for bit. Exits with 0 if all tensors are identical.
#include <safetensors/torch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "progress_bar.h"
#include "readable_text.h"
#include "tensor_table.h"

namespace {

using safetensors::TensorDict;

constexpr std::int64_t values_shown = 5;
constexpr std::size_t tensors_shown = 3;

class Stopwatch {
 public:
  // Milliseconds since the last lap.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::milli> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::uint64_t nbytes_of(const TensorDict& tensors) {
  std::uint64_t total = 0;
  for (const auto& item : tensors)
    total += item.value().nbytes();
  return total;
}

// LibTorch does not convert these dtypes to numbers, so their bits are printed.
bool is_shown_as_bits(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::ScalarType::Float4_e2m1fn_x2 ||
         tensor.scalar_type() == at::kComplexFloat;
}

void print_value(const at::Tensor& value) {
  switch (value.scalar_type()) {
    case at::kBool:
      std::printf("%s", value.item<bool>() ? "true" : "false");
      return;
    case at::kUInt64:
      std::printf("%llu", static_cast<unsigned long long>(value.item().toUInt64()));
      return;
    case at::kByte:
    case at::kChar:
    case at::kShort:
    case at::kUInt16:
    case at::kInt:
    case at::kUInt32:
    case at::kLong:
      std::printf("%lld", static_cast<long long>(value.to(at::kLong).item<std::int64_t>()));
      return;
    default:
      std::printf("%.5g", value.to(at::kDouble).item<double>());
  }
}

void print_first_values(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor flat = is_shown_as_bits(tensor) && tensor.numel() > 0
                              ? tensor.reshape({-1}).view(at::kByte)
                              : tensor.reshape({-1});
  std::printf("  %s = [", readable(name.data(), name.size(), 40).text);
  for (std::int64_t i = 0; i < std::min(flat.numel(), values_shown); ++i) {
    if (i) std::printf(", ");
    print_value(flat.select(0, i));
  }
  std::printf(flat.numel() > values_shown ? ", ...]\n" : "]\n");
}

// Compares bits, not values: NaNs of equal bits are equal, 0 and -0 are not.
bool is_same_tensor(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         (a.numel() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0);
}

std::size_t count_same(const TensorDict& tensors, const TensorDict& copies) {
  std::size_t same = 0;
  for (const auto& item : tensors) {
    const at::Tensor* copy = copies.find(item.key());
    same += copy && is_same_tensor(item.value(), *copy);
  }
  return same;
}

// Whether the bytes of the two files, headers included, are equal.
bool are_same_files(const std::filesystem::path& a, const std::filesystem::path& b) {
  if (std::filesystem::file_size(a) != std::filesystem::file_size(b)) return false;
  const auto file_a = safetensors::File::open(a);
  const auto file_b = safetensors::File::open(b);
  std::vector<char> bytes(std::size_t{2} << 20);
  const std::uint64_t size = std::filesystem::file_size(a);
  const std::uint64_t half = bytes.size() / 2;
  for (std::uint64_t at = 0; at < size; at += half) {
    const std::uint64_t piece = std::min(half, size - at);
    if (st_read_at(file_a.handle(), at, bytes.data(), piece, nullptr) != ST_OK ||
        st_read_at(file_b.handle(), at, bytes.data() + half, piece, nullptr) != ST_OK ||
        std::memcmp(bytes.data(), bytes.data() + half, piece) != 0)
      return false;
  }
  return true;
}

void print_step(const char* step, double milliseconds, std::uint64_t nbytes) {
  char rate[16];
  std::printf("  %-28s %9.2f ms", step, milliseconds);
  if (nbytes && milliseconds > 0)
    std::printf("  %9s/s", human_bytes(static_cast<std::uint64_t>(static_cast<double>(nbytes) /
                                                                  milliseconds * 1e3),
                                       rate));
  std::printf("\n");
}

int report(std::size_t same, const TensorDict& tensors, const TensorDict& copies, bool same_file) {
  const bool is_whole = same == tensors.size() && copies.size() == tensors.size();
  std::printf("\n%s: %zu of %zu tensors are identical", is_whole ? "OK" : "FAILED", same,
              tensors.size());
  std::printf(same_file
                  ? ",\n    and the two files are equal byte for byte.\n"
                  : ".\n    The headers of the files differ: OUT has the order and the padding "
                    "of the reference\n    implementation, another writer wrote FILE.\n");
  return is_whole ? 0 : 1;
}

int run(const std::filesystem::path& path, const std::filesystem::path& out) {
  Stopwatch watch;
  const auto file = safetensors::File::open(path);
  const double opening = watch.lap();
  std::printf("%s\n", path.c_str());
  print_metadata(file.handle(), stdout);
  std::printf("\n");
  print_tensor_table(file.handle(), stdout);
  const safetensors::Metadata metadata = file.metadata();

  watch.lap();
  const TensorDict tensors =
      safetensors::load_file(path, {.progress = ProgressBar("loading").callback()});
  const double loading = watch.lap();

  std::printf("\nFirst values:\n");
  for (std::size_t i = 0; i < std::min(tensors.size(), tensors_shown); ++i)
    print_first_values(tensors[i].key(), tensors[i].value());

  watch.lap();
  safetensors::save_file(tensors, out, metadata, {.progress = ProgressBar("saving").callback()});
  const double saving = watch.lap();
  const TensorDict copies = safetensors::load_file(out);
  const double reloading = watch.lap();
  const std::size_t same = count_same(tensors, copies);
  const double comparing = watch.lap();

  std::printf("\nTime taken:\n");
  print_step("open and check the header", opening, 0);
  print_step("load_file (maps the file)", loading, 0);
  print_step("save_file", saving, nbytes_of(tensors));
  print_step("load_file of the copy", reloading, 0);
  print_step("compare every bit", comparing, nbytes_of(tensors));
  return report(same, tensors, copies, are_same_files(path, out));
}

bool is_one_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code ignored;
  return std::filesystem::equivalent(a, b, ignored);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: demo FILE OUT\n");
    return 2;
  }
  if (is_one_file(argv[1], argv[2])) {
    std::fprintf(stderr, "demo: OUT and FILE are the same file\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const safetensors::Error& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "demo: %s (%s)\n", error.what(), st_status_name(error.code()));
  } catch (const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "demo: %s\n", error.what());
  }
  return 1;
}
