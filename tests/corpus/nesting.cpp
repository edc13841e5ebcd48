// Nesting depth: the reference accepts 127 levels, including the header and the entry.
#include "input.h"

namespace corpus {
namespace {

std::string arrays(std::size_t levels) {
  return repeated("[", levels) + repeated("]", levels);
}

std::string objects(std::size_t levels) {
  return repeated("{\"a\":", levels - 1) + "{}" + repeated("}", levels - 1);
}

std::string mixed(std::size_t levels) {
  std::string open, close;
  for (std::size_t i = 0; i < levels; ++i) {
    open += i % 2 == 0 ? "[" : "{\"a\":";
    close.insert(0, i % 2 == 0 ? "]" : "}");
  }
  return open + (levels % 2 == 0 ? "0" : "") + close;
}

// Deep only in its last element.
std::string late(std::size_t levels) {
  return "[0,[],{},[[]]," + arrays(levels - 1) + "]";
}

std::string unknown(std::string_view value) {
  return one({.before = "\"note\":" + std::string(value) + ","});
}

std::string unknown_at_the_end(std::string_view value) {
  return one({.after = ",\"note\":" + std::string(value)});
}

}  // namespace

Inputs nesting_inputs() {
  Inputs inputs;
  for (const std::size_t levels : {3u, 4u, 64u, 118u, 119u, 120u, 121u, 122u, 123u, 124u, 125u}) {
    const std::string depth = std::to_string(levels) + " levels";
    inputs.push_back(loose("arrays of " + depth, unknown(arrays(levels))));
    inputs.push_back(loose("objects of " + depth, unknown(objects(levels))));
    inputs.push_back(loose("arrays and objects of " + depth, unknown(mixed(levels))));
    inputs.push_back(loose("a last element of " + depth, unknown(late(levels))));
    inputs.push_back(loose("a last field of " + depth, unknown_at_the_end(arrays(levels))));
  }
  for (const std::size_t levels :
       {126u, 127u, 128u, 129u, 255u, 256u, 1000u, 1023u, 1024u, 1025u, 1026u, 4096u, 70'000u}) {
    const std::string depth = std::to_string(levels) + " levels";
    inputs.push_back(refused("arrays of " + depth, unknown(arrays(levels)), ST_E_JSON));
    inputs.push_back(refused("objects of " + depth, unknown(objects(levels)), ST_E_JSON));
    inputs.push_back(refused("arrays and objects of " + depth, unknown(mixed(levels)), ST_E_JSON));
    inputs.push_back(refused("a last element of " + depth, unknown(late(levels)), ST_E_JSON));
    inputs.push_back(
        refused("a last field of " + depth, unknown_at_the_end(arrays(levels)), ST_E_JSON));
  }
  for (const std::size_t levels : {127u, 128u, 1024u, 1'000'000u}) {
    const std::string depth = std::to_string(levels) + " levels";
    inputs.push_back(refused("brackets only, " + depth, file(repeated("[", levels)), ST_E_JSON));
    inputs.push_back(
        refused("members only, " + depth, file(repeated("{\"a\":", levels)), ST_E_JSON));
  }
  return inputs;
}

}  // namespace corpus
