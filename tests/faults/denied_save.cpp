#include "denied_save.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>

#include "deny_calls.h"
#include "directory_state.h"
#include "scratch.h"

namespace faults {

bool deny(const Rules& rules) {
  std::vector<const char*> texts;
  for (const std::string& rule : rules)
    texts.push_back(rule.c_str());
  return deny_calls(texts.data(), static_cast<int>(texts.size())) == 0;
}

void begin_denied_save() {
  scratch_enter();
  scratch_clear();
  ::umask(022);
  static const bool works =
      in_child([](st_error*) -> st_status {
        char byte;
        const bool denied = deny({"getrandom=EDQUOT"});
        const long got = ::syscall(SYS_getrandom, &byte, 1, 0);
        return denied && got < 0 && errno == EDQUOT ? ST_OK : ST_E_UNSUPPORTED;
      }).status == ST_OK;
  if (!works) SKIP("the kernel has no seccomp filters");
}

Outcome save_with(const Rules& rules, const SaveRequest& request) {
  return in_child([&](st_error* error) {
    if (!deny(rules)) ::_exit(1);
    return save(request, error);
  });
}

void put_old_file(unsigned mode) {
  scratch_clear();
  write_content("file", "old", mode);
}

bool only_old_file_is_left() {
  return names_in(".") == std::set<std::string>{"file"} && has_content("file", "old");
}

bool only_new_file_is_left(const SaveRequest& request) {
  return names_in(".") == std::set<std::string>{"file"} && is_saved(request);
}

}  // namespace faults
