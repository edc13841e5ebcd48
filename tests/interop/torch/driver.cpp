// Runs a script with the library, so that its results can be compared with another implementation.
//
// Reads lines from standard input. "case NUMBER" begins a new case; workbench.h documents the lines
// that build tensors and models, operations.h those that save and load. Each of the latter is
// answered by one line of JSON on standard output.
#include <iostream>

#include "json.h"
#include "operations.h"
#include "script_line.h"
#include "workbench.h"

int main() {
  std::ios::sync_with_stdio(false);
  Workbench bench;
  std::string number = "none";
  for (std::string text; std::getline(std::cin, text);) {
    const ScriptLine line(text);
    if (line.empty()) continue;
    try {
      if (line.command() == "case") {
        bench = Workbench();
        number = line.word(0);
      } else if (!bench.build(line)) {
        std::cout << answer(line, bench) << std::endl;
      }
    } catch (const std::exception& error) {
      std::cerr << "case " << number << ", " << text << ": " << error.what() << '\n';
      return 1;
    }
  }
  return 0;
}
