#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "edited_file.h"
#include "scenarios.h"
#include "scratch.h"

namespace faults {
namespace {

void put_file() {
  scratch_clear();
  write_unedited();
  ::chmod("file", 0640);
}

void put_link() {
  put_file();
  if (::symlink("file", "link") != 0) std::abort();
}

template <Edit change, bool in_place, std::uint32_t durability>
st_status run(st_error* error) {
  return edit("file", {change, in_place, durability}, nullptr, error);
}

st_status through_link(st_error* error) {
  return edit("link", {Edit::grow, false, ST_DURABILITY_NONE, ST_LINK_FOLLOW}, nullptr, error);
}

template <Edit change>
bool one_new() {
  return scratch_count() == 1 && state_of_file(change) == State::new_file;
}
bool one_old() {
  return scratch_count() == 1 && state_of_file(Edit::grow) == State::old_file;
}
bool link_and_new() {
  return scratch_count() == 2 && state_of_file(Edit::grow) == State::new_file;
}
bool link_and_old() {
  return scratch_count() == 2 && state_of_file(Edit::grow) == State::old_file;
}

constexpr std::uint32_t none = ST_DURABILITY_NONE, fsync = ST_DURABILITY_FSYNC;

}  // namespace

const Flow editing[] = {
    {"a copy", put_file, run<Edit::grow, false, none>, one_new<Edit::grow>, one_old},
    {"a durable copy", put_file, run<Edit::shrink, false, fsync>, one_new<Edit::shrink>, one_old,
     true},
    {"a copy through a link", put_link, through_link, link_and_new, link_and_old},
    {"a clone", put_file, run<Edit::grow, false, none>, one_new<Edit::grow>, one_old, false, false,
     true},
    {"a durable clone", put_file, run<Edit::grow, false, fsync>, one_new<Edit::grow>, one_old, true,
     false, true},
    {"a header that is overwritten", put_file, run<Edit::shrink, true, none>, one_new<Edit::shrink>,
     one_old, false, true},
    {"a header that is overwritten durably", put_file, run<Edit::shrink, true, fsync>,
     one_new<Edit::shrink>, one_old, true, true},
    {"blocks that are inserted", put_file, run<Edit::grow, true, none>, one_new<Edit::grow>,
     one_old, false, true},
    {"blocks that are inserted durably", put_file, run<Edit::grow, true, fsync>,
     one_new<Edit::grow>, one_old, true, true},
};
const std::size_t editing_count = sizeof editing / sizeof editing[0];

}  // namespace faults
