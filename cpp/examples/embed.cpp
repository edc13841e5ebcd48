// embed MODEL.safetensors [EMBEDDINGS.safetensors]: prints the similarity of a few sentences.
//
// Loads sentence-transformers/all-MiniLM-L6-v2 into a C++ module with other names, computes the
// embeddings of the sentences, prints their cosine similarities, and optionally saves the
// embeddings.
//
// The example has no tokenizer: it contains the token ids of the sentences (word pieces of
// bert-base-uncased, the model's tokenizer).
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "minilm.h"

namespace {

struct Sentence {
  const char* text;
  std::vector<std::int64_t> ids;
};

const std::vector<Sentence> sentences = {
    {"The cat sleeps on the warm windowsill.",
     {101, 1996, 4937, 25126, 2006, 1996, 4010, 3645, 8591, 1012, 102}},
    {"A kitten is napping by the window.",
     {101, 1037, 18401, 2003, 18996, 4691, 2011, 1996, 3332, 1012, 102}},
    {"The central bank raised interest rates again.",
     {101, 1996, 2430, 2924, 2992, 3037, 6165, 2153, 1012, 102}},
    {"Borrowing money has become more expensive.",
     {101, 23733, 2769, 2038, 2468, 2062, 6450, 1012, 102}},
    {"How do I load a model's weights from a file?",
     {101, 2129, 2079, 1045, 7170, 1037, 2944, 1005, 1055, 15871, 2013, 1037, 5371, 1029, 102}},
    {"Reading neural network parameters from disk in C++",
     {101, 3752, 15756, 2897, 11709, 2013, 9785, 1999, 1039, 1009, 1009, 102}},
};

SentenceEncoder load_encoder(const std::string& path) {
  torch::NoGradGuard no_grad;
  SentenceEncoder encoder;
  const auto start = std::chrono::steady_clock::now();
  // Not strict: the file has a pooler, which sentence embeddings do not use.
  const auto report =
      safetensors::load_model(encoder, path, {.strict = false, .renames = bert_names()});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (!report.missing.empty()) {
    throw safetensors::ModelMismatchError(
        ST_E_TENSOR_NOT_FOUND,
        path + " is not a MiniLM-L6 model: it lacks " + report.missing.front(), report);
  }

  std::int64_t values = 0;
  for (const auto& parameter : encoder->parameters())
    values += parameter.numel();
  std::printf("loaded %zu tensors, %.1f million values, in %.0f ms\n", encoder->parameters().size(),
              static_cast<double>(values) / 1e6, took.count());
  for (const auto& name : report.unexpected)
    std::printf("not used: %s\n", name.c_str());
  encoder->eval();
  return encoder;
}

// Embeds all sentences in one batch; the mask is false for padding.
torch::Tensor embed(SentenceEncoder& encoder) {
  std::vector<torch::Tensor> ids;
  std::vector<torch::Tensor> mask;
  for (const auto& sentence : sentences) {
    ids.push_back(torch::tensor(sentence.ids));
    mask.push_back(torch::ones_like(ids.back(), torch::kBool));
  }
  torch::NoGradGuard no_grad;
  return encoder(torch::nn::utils::rnn::pad_sequence(ids, true),
                 torch::nn::utils::rnn::pad_sequence(mask, true));
}

void print_similarities(const torch::Tensor& vectors) {
  const auto similarity = vectors.matmul(vectors.t());
  const auto count = static_cast<std::int64_t>(sentences.size());
  std::printf("\ncosine similarity of each pair of sentences\n%55s", "");
  for (std::int64_t column = 0; column < count; ++column) {
    std::printf("%7lld", static_cast<long long>(column + 1));
  }
  for (std::int64_t row = 0; row < count; ++row) {
    std::printf("\n%3lld  %-50s", static_cast<long long>(row + 1),
                sentences[static_cast<std::size_t>(row)].text);
    for (std::int64_t column = 0; column < count; ++column) {
      std::printf("%7.3f", similarity[row][column].item<double>());
    }
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: embed MODEL.safetensors [EMBEDDINGS.safetensors]\n");
    return 2;
  }
  try {
    auto encoder = load_encoder(argv[1]);
    const auto vectors = embed(encoder);
    print_similarities(vectors);
    if (argc == 3) safetensors::save_file({{"embeddings", vectors}}, argv[2]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}
