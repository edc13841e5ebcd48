// Joins the checkpoint in a directory to one file: join_checkpoint DIRECTORY FILE
#include <cstdio>

#include "consolidate.h"
#include "error.h"
#include "save.h"

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    st::Consolidation checkpoint(arguments[1]);
    const auto metadata = checkpoint.metadata();
    const st::SavePlan plan = st::plan_save(
        checkpoint.tensors(), {metadata.begin(), metadata.end()}, st::MetadataForm::absent, 8);
    checkpoint.run([&] { st::save_to_file(arguments[2], checkpoint.tensors(), plan, {}, {}); });
    return 0;
  } catch (const st::Error& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
