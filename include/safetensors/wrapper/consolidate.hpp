// consolidate: joins a checkpoint whose files have parts of tensors.
#ifndef SAFETENSORS_WRAPPER_CONSOLIDATE_HPP
#define SAFETENSORS_WRAPPER_CONSOLIDATE_HPP

#include <safetensors/wrapper/set_options.hpp>

#include <filesystem>

namespace safetensors {

// Joins the files of `source_directory`, as torch.distributed.checkpoint's Hugging Face writer
// creates them, to a set in `directory`, in constant memory; st_consolidate has the contract.
// `metadata` is in the header of every shard. Throws Error as File::open and Builder::save_set;
// ST_E_SCHEMA, ST_E_INCOMPLETE, ST_E_OFFSET and ST_E_DTYPE for parts that do not form tensors.
inline void consolidate(const std::filesystem::path& source_directory,
                        const std::filesystem::path& directory, const SetOptions& set = {},
                        const SaveOptions& options = {}, const Metadata& metadata = {}) {
  const detail::CSetOptions c_set(set);
  const auto entries = detail::c_entries(metadata);
  detail::ProgressCall progress(options.progress);
  st_save_options c_options = detail::c_options(options);
  c_options.metadata = entries.data();
  c_options.metadata_count = entries.size();
  progress.attach(&c_options);
  st_error error = ST_ERROR_INIT;
  progress.check(st_consolidate(detail::c_path(source_directory), detail::c_path(directory),
                                c_set.get(), &c_options, &error),
                 error);
}

}  // namespace safetensors

#endif
