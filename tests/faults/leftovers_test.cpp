// What killed and running saves leave in a directory, and which of it the next save removes.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

#include "child.h"
#include "denied_save.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"

namespace {

using namespace faults;

// Ends a child between the creation of its temporary file and the rename.
void leave_temporary(const Rules& rules) {
  Rules with_kill = rules;
  with_kill.push_back("renameat=SIGKILL");
  const Outcome outcome = save_with(with_kill, {});
  REQUIRE(outcome.signal != 0);
}

// A child that stops before its rename.
Child::Body stop_before_rename(const Rules& rules, const SaveRequest& request) {
  return [=](st_error* error) {
    Rules with_stop = rules;
    with_stop.push_back("renameat=SIGSYS");
    ::signal(SIGSYS, Child::pause_for_ever);
    if (!deny(with_stop)) ::_exit(1);
    return save(request, error);
  };
}

}  // namespace

TEST_CASE("a save removes the temporary file of a killed one") {
  begin_denied_save();
  for (const Rules& rules : with_and_without_tmpfile) {
    INFO((rules.empty() ? "with" : "without") << " O_TMPFILE");
    put_old_file();
    leave_temporary(rules);
    CHECK(has_content("file", "old"));
    REQUIRE(names_in(".").size() == 2);
    CHECK(save_with(rules, {}).status == ST_OK);
    CHECK(only_new_file_is_left());
  }
}

TEST_CASE("a save removes the temporary files of several killed ones") {
  begin_denied_save();
  for (const Rules& rules : with_and_without_tmpfile) {
    for (const int first_killed : {0, 1, 2}) {
      INFO((rules.empty() ? "with" : "without")
           << " O_TMPFILE, " << first_killed << " killed first");
      put_old_file();
      {
        Child a(stop_before_rename(rules, {}));
        REQUIRE(a.wait_for_pause());
        Child b(stop_before_rename(rules, {}));
        REQUIRE(b.wait_for_pause());
        Child c(stop_before_rename(rules, {}));
        REQUIRE(c.wait_for_pause());
        CHECK(names_in(".").size() >= 4);
        Child* const all[] = {&a, &b, &c};
        for (int i = 0; i < 3; ++i) {
          Child* const child = all[(first_killed + i) % 3];
          child->kill();
          CHECK(child->wait().signal == SIGKILL);
        }
      }
      CHECK(has_content("file", "old"));
      CHECK(save_with(rules, {}).status == ST_OK);
      CHECK(only_new_file_is_left());
    }
  }
}

TEST_CASE("a save keeps the temporary file of a running one") {
  begin_denied_save();
  for (const Rules& rules : with_and_without_tmpfile) {
    INFO((rules.empty() ? "with" : "without") << " O_TMPFILE");
    put_old_file();
    Child running(stop_before_rename(rules, {}));
    REQUIRE(running.wait_for_pause());
    const auto before = names_in(".");
    REQUIRE(before.size() == 2);
    CHECK(save_with(rules, {}).status == ST_OK);
    CHECK(names_in(".") == before);
    running.kill();
    CHECK(running.wait().signal == SIGKILL);
    CHECK(save_with(rules, {}).status == ST_OK);
    CHECK(only_new_file_is_left());
  }
}

TEST_CASE("of two saves at the same time, the one that ends last wins") {
  begin_denied_save();
  for (const Rules& rules : with_and_without_tmpfile) {
    put_old_file();
    SaveRequest slow, quick;
    slow.value = 2;
    slow.while_writing = Child::pause_here;
    Child child([&](st_error* error) {
      if (!deny(rules)) ::_exit(1);
      return save(slow, error);
    });
    REQUIRE(child.wait_for_pause());
    CHECK(save_with(rules, quick).status == ST_OK);
    CHECK(is_saved(quick));
    child.resume();
    CHECK(child.wait().status == ST_OK);
    CHECK(only_new_file_is_left(slow));
  }
}

TEST_CASE("files that only resemble temporary files are kept") {
  begin_denied_save();
  for (const Rules& rules : with_and_without_tmpfile) {
    put_old_file();
    write_content(".st-", "theirs");
    write_content(".st-0123456789abcdeg", "theirs");
    write_content(".st-notes", "theirs");
    ::mkdir(".st-0123456789abcdef", 0755);
    CHECK(save_with(rules, {}).status == ST_OK);
    CHECK(names_in(".") == std::set<std::string>{"file", ".st-", ".st-0123456789abcdeg",
                                                 ".st-notes", ".st-0123456789abcdef"});
  }
}
