// Writes the corpus for other implementations: write_corpus DIRECTORY creates a file for each input
// except the largest, and verdicts.tsv with the columns file, name, verdict of the reference,
// verdict of this library, verdict with ST_STRICTNESS_STRICT.
#include <safetensors/safetensors.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "input.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  const std::string folder = argv[1];
  std::ofstream table(folder + "/verdicts.tsv");
  constexpr std::size_t largest = 80'000'000;
  std::size_t number = 0;
  for (const auto& inputs :
       {corpus::framing_inputs(), corpus::json_inputs(), corpus::string_inputs(),
        corpus::block_inputs(), corpus::nesting_inputs(), corpus::number_inputs(),
        corpus::shape_inputs(), corpus::offset_inputs(), corpus::entry_inputs(),
        corpus::duplicate_inputs(), corpus::dtype_inputs(), corpus::metadata_inputs(),
        corpus::name_inputs(), corpus::size_inputs()}) {
    for (const corpus::Input& input : inputs) {
      const std::string bytes = input.bytes.make();
      if (bytes.size() > largest) continue;
      const std::string file = std::to_string(number++) + ".safetensors";
      std::ofstream(folder + "/" + file, std::ios::binary) << bytes;
      table << file << '\t' << input.name << '\t'
            << (input.reference_accepts ? "accepts" : "refuses") << '\t'
            << st_status_name(input.compatible) << '\t' << st_status_name(input.strict) << '\n';
    }
  }
  return table.flush() ? 0 : 1;
}
