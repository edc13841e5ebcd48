// Tensor names: every string is valid.
#include "input.h"

namespace corpus {

Inputs name_inputs() {
  const struct {
    const char* what;
    std::string json;
  } names[] = {
      {"an empty name", ""},
      {"a space", " "},
      {"a NUL", "\\u0000"},
      {"NULs around a letter", "\\u0000w\\u0000"},
      {"a dot", "."},
      {"two dots", ".."},
      {"dots", "....."},
      {"a relative path", "../../../etc/shadow"},
      {"an absolute path", "/etc/shadow"},
      {"a path of Windows", "C:\\\\Windows\\\\win.ini"},
      {"a network path of Windows", "\\\\\\\\host\\\\share"},
      {"a device of Windows", "CON"},
      {"an address", "https://example.org/?a=b&c=d#e"},
      {"a terminal's escape sequence", "\\u001b[2J\\u001b[31m"},
      {"a terminal's title", "\\u001b]0;w\\u0007"},
      {"a right-to-left override", "\xE2\x80\xAEthgiew"},
      {"a zero-width joiner", "w\xE2\x80\x8Dw"},
      {"a soft hyphen", "w\xC2\xADw"},
      {"printf's conversions", "%s%n%99999d%p"},
      {"a shell's expansion", "$(reboot)`reboot`;reboot"},
      {"a query", "'); DROP TABLE tensors;--"},
      {"markup", "<script>alert(1)</script>"},
      {"a line of a table", "a,\\\"b\\\"\\tc\\r\\n"},
      {"__proto__", "__proto__"},
      {"constructor", "constructor"},
      {"__class__", "__class__"},
      {"__init__", "__init__"},
      {"metadata", "metadata"},
      {"__metadata", "__metadata"},
      {"_metadata__", "_metadata__"},
      {"__METADATA__", "__METADATA__"},
      {"__metadata__ and a space", "__metadata__ "},
      {"__metadata__ and a NUL", "__metadata__\\u0000"},
      {"dtype", "dtype"},
      {"shape", "shape"},
      {"data_offsets", "data_offsets"},
      {"null", "null"},
      {"a number", "-0"},
      {"an object", "{}"},
      {"Chinese", "\xE6\x9D\x83\xE9\x87\x8D"},
      {"Arabic", "\xD9\x88\xD8\xB2\xD9\x86"},
      {"a family of emoji", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"},
      {"combining marks", "w\xCC\x88\xCC\x88\xCC\x88\xCC\x88"},
      {"a noncharacter", "\xEF\xBF\xBF"},
      {"the replacement character", "\xEF\xBF\xBD"},
      {"a name of 255 characters", std::string(255, 'w')},
      {"a name of 256 characters", std::string(256, 'w')},
      {"a name of 4,096 characters", std::string(4096, 'w')},
      {"a name of 65,535 characters", std::string(65'535, 'w')},
      {"a name of 65,536 characters", std::string(65'536, 'w')},
      {"a name of 1,000,000 characters", std::string(1'000'000, 'w')},
      {"a name of 100,000 escapes", repeated("\\u0000", 100'000)},
      {"a name of 100,000 pairs", repeated("\\uD83D\\uDE00", 100'000)},
  };
  Inputs inputs;
  for (const auto& [what, json] : names) {
    inputs.push_back(valid(what, one({.name = "\"" + json + "\""})));
  }
  inputs.push_back(
      refused("a tensor called __metadata__", one({.name = "\"__metadata__\""}), ST_E_SCHEMA));
  return inputs;
}

}  // namespace corpus
