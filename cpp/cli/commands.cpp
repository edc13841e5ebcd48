#include "cli/commands.h"

#include "cli/check/check.h"
#include "cli/compare/diff.h"
#include "cli/hash/hash.h"
#include "cli/hash/verify.h"
#include "cli/inspect/ls.h"
#include "cli/inspect/meta.h"
#include "cli/inspect/show.h"
#include "cli/repair/repair.h"
#include "cli/stat/stat.h"
#include "cli/transform/cast.h"
#include "cli/transform/consolidate.h"
#include "cli/transform/merge.h"
#include "cli/transform/reindex.h"
#include "cli/transform/rename.h"
#include "cli/transform/select.h"

namespace safetensors::cli {

std::vector<CommandGroup> all_commands() {
  return {
      {"inspect", {ls_command(), show_command(), meta_command(), stat_command()}},
      {"check and repair", {check_command(), repair_command(), reindex_command()}},
      {"compare", {diff_command(), hash_command(), verify_command()}},
      {"transform",
       {split_command(), merge_command(), extract_command(), rm_command(), rename_command(),
        cast_command(), consolidate_command()}},
  };
}

}  // namespace safetensors::cli
