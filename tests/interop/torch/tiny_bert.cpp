// tiny_bert MODEL INPUT OUTPUT: runs the module of the embed example with a small model.
//
// INPUT has "ids" and "mask", OUTPUT gets "vectors". bert_test.py uses the same sizes.
#include <minilm.h>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const torch::NoGradGuard no_grad;
    SentenceEncoder encoder(BertSize{.vocabulary = 50,
                                     .positions = 16,
                                     .segments = 2,
                                     .width = 24,
                                     .heads = 4,
                                     .inner = 40,
                                     .layers = 3});
    safetensors::load_model(encoder, argv[1], {.renames = bert_names()});
    const auto input = safetensors::load_file(argv[2]);
    safetensors::save_file({{"vectors", encoder(input["ids"], input["mask"])}}, argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tiny_bert: %s\n", error.what());
    return 1;
  }
}
