// Implements optimizer_state and load_optimizer.
#include <safetensors/torch.hpp>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "model/load_match.h"
#include "model/optimizer_fields.h"
#include "names/quote.h"
#include "tensor/dict_source.h"
#include "tensor/file_source.h"

namespace safetensors {

namespace {

using torch::optim::Optimizer;
using torch::optim::OptimizerOptions;
using torch::optim::OptimizerParamState;

// The names of an optimizer's parameters, and of the tensors for them.
class StateNames {
 public:
  StateNames(const NamedTensors& parameters, const std::string& prefix) : prefix_(prefix) {
    for (const auto& [name, tensor] : parameters)
      names_.emplace(tensor.unsafeGetTensorImpl(), name);
  }

  // "PREFIXstate.NAME.": tied parameters have the first of their names.
  std::string state(const at::Tensor& parameter) const {
    return prefix_ + "state." + name_of(parameter) + ".";
  }
  std::string options(const at::Tensor& parameter) const {
    return prefix_ + "param_groups." + name_of(parameter) + ".";
  }

 private:
  const std::string& name_of(const at::Tensor& parameter) const {
    const auto found = names_.find(parameter.unsafeGetTensorImpl());
    if (found != names_.end()) return found->second;
    throw Error(ST_E_INVALID_ARGUMENT,
                "the optimizer has a parameter, of shape " + c10::str(parameter.sizes()) +
                    ", that is not among the named parameters: pass the named_parameters() of "
                    "the model that it optimizes");
  }

  const std::string& prefix_;
  std::unordered_map<const at::TensorImpl*, std::string> names_;
};

at::Tensor scalar(double value) {
  return at::scalar_tensor(value, at::kDouble);
}
at::Tensor scalar(bool value) {
  return at::scalar_tensor(value, at::kBool);
}
at::Tensor scalar(std::int64_t value) {
  return at::scalar_tensor(value, at::kLong);
}
at::Tensor scalar(const std::tuple<double, double>& values) {
  return at::tensor({std::get<0>(values), std::get<1>(values)}, at::kDouble);
}

// Adds the fields of one parameter to a dictionary.
class FieldWriter {
 public:
  FieldWriter(TensorDict& dict, std::string prefix) : dict_(dict), prefix_(std::move(prefix)) {}

  template <class Value>
  void operator()(const char* field, const Value& value) {
    dict_.insert(prefix_ + field, scalar(value));
  }
  void operator()(const char* field, const at::Tensor& tensor, bool) {
    if (tensor.defined()) dict_.insert(prefix_ + field, tensor.detach().contiguous());
  }

 private:
  TensorDict& dict_;
  std::string prefix_;
};

// The tensors of a source with a prefix, and which of them were used.
class StateReader {
 public:
  StateReader(const TensorSource& source, const std::string& prefix) : source_(source) {
    const auto names = source.names();
    for (std::size_t position = 0; position < names.size(); ++position) {
      if (names[position].starts_with(prefix)) positions_.emplace(names[position], position);
    }
    if (positions_.empty())
      throw Error(ST_E_TENSOR_NOT_FOUND, source.description() +
                                             " has no state of an optimizer: no name begins with " +
                                             quote(prefix));
  }

  bool contains(const std::string& name) const { return positions_.contains(name); }

  // Whether any of the names that the fields have is there.
  bool has_any(const std::vector<std::string>& names) const {
    return std::ranges::any_of(names, [&](const auto& name) { return contains(name); });
  }

  // A scalar, or the elements of a small tensor, on the CPU; undefined if it is missing.
  at::Tensor value(const std::string& name, at::IntArrayRef sizes) {
    const auto entry = use(name, sizes);
    if (!entry) return {};
    ProgressCounter progress({}, entry->info.nbytes);
    return source_.tensors({*entry}, c10::kCPU, progress).front();
  }

  // A tensor like `parameter`, which read() fills; undefined if it is missing.
  at::Tensor tensor(const std::string& name, const at::Tensor& parameter) {
    const auto entry = use(name, parameter.sizes());
    if (!entry) return {};
    copies_.push_back(
        {*entry,
         at::empty_like(parameter, parameter.options().dtype(entry->dtype).requires_grad(false))});
    return copies_.back().destination;
  }

  // Throws ModelMismatchError unless everything was found, and used.
  void check() {
    for (const auto name : source_.names()) {
      if (positions_.contains(std::string(name)) && !used_.contains(std::string(name)))
        report_.unexpected.emplace_back(name);
    }
    check_match(source_, "the optimizer", report_,
                {.missing = false,
                 .unexpected = false,
                 .mismatched = false,
                 .conversion = true,
                 .can_rename = false});
    check_destinations(copies_);
  }

  void read() {
    std::ranges::sort(copies_, {}, [](const ValueCopy& copy) { return copy.entry.position; });
    ProgressCounter progress({}, total_nbytes(copies_, &ValueCopy::entry));
    source_.copy(copies_, progress);
  }

 private:
  // The entry of a name; if it is missing or has other sizes, that is reported.
  std::optional<FileEntry> use(const std::string& name, at::IntArrayRef sizes) {
    const auto found = positions_.find(name);
    if (found == positions_.end()) {
      report_.missing.push_back(name);
      return std::nullopt;
    }
    used_.insert(name);
    FileEntry entry = source_.entry(found->second, name);
    if (at::IntArrayRef(entry.sizes) == sizes) return entry;
    report_.mismatched.push_back({name, {entry.sizes.begin(), entry.sizes.end()}, sizes.vec()});
    return std::nullopt;
  }

  const TensorSource& source_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::unordered_set<std::string> used_;
  std::vector<ValueCopy> copies_;
  LoadReport report_;
};

void set(double& to, const at::Tensor& value) {
  to = value.item().toDouble();
}
void set(bool& to, const at::Tensor& value) {
  to = value.item().toBool();
}
void set(std::int64_t& to, const at::Tensor& value) {
  to = value.item().toLong();
}
void set(std::tuple<double, double>& to, const at::Tensor& value) {
  to = {value[0].item().toDouble(), value[1].item().toDouble()};
}

template <class Value>
constexpr bool is_pair = std::is_same_v<Value, std::tuple<double, double>>;

// Reads the fields of one parameter.
class FieldReader {
 public:
  FieldReader(StateReader& reader, const at::Tensor& parameter, std::string prefix)
      : reader_(reader), parameter_(parameter), prefix_(std::move(prefix)) {}

  template <class Value>
  void operator()(const char* field, Value& value) {
    const at::Tensor read =
        reader_.value(prefix_ + field, is_pair<Value> ? at::IntArrayRef({2}) : at::IntArrayRef());
    if (read.defined()) set(value, read);
  }
  void operator()(const char* field, at::Tensor& tensor, bool is_needed) {
    const std::string name = prefix_ + field;
    if (is_needed || reader_.contains(name)) tensor = reader_.tensor(name, parameter_);
  }

 private:
  StateReader& reader_;
  const at::Tensor& parameter_;
  std::string prefix_;
};

// Reads the state of one parameter; null if it has none.
template <class Fields>
std::unique_ptr<OptimizerParamState> read_state(StateReader& reader, const StateNames& names,
                                                const typename Fields::Options& options,
                                                const at::Tensor& parameter) {
  const std::string prefix = names.state(parameter);
  auto state = std::make_unique<typename Fields::State>();
  std::vector<std::string> fields;
  Fields::visit_state(options, *state,
                      [&](const char* field, auto&&...) { fields.push_back(prefix + field); });
  if (!Fields::has_initial_state && !reader.has_any(fields)) return nullptr;
  Fields::visit_state(options, *state, FieldReader(reader, parameter, prefix));
  return state;
}

// What a group becomes: options, and the state of each parameter; null if it has none.
struct LoadedGroup {
  std::unique_ptr<OptimizerOptions> options;
  std::unordered_map<at::TensorImpl*, std::unique_ptr<OptimizerParamState>> states;
};

template <class Fields>
LoadedGroup read_group(StateReader& reader, const StateNames& names,
                       const torch::optim::OptimizerParamGroup& group) {
  using Options = typename Fields::Options;
  const auto& before = static_cast<const Options&>(group.options());
  LoadedGroup loaded;
  auto options = std::make_unique<Options>(before);
  for (const auto& parameter : group.params()) {
    // Module::parameters() has a tied parameter once for each of its names.
    if (loaded.states.contains(parameter.unsafeGetTensorImpl())) continue;
    Options own = before;
    Fields::visit_options(own, FieldReader(reader, parameter, names.options(parameter)));
    if (loaded.states.empty()) *options = own;
    if (!(own == *options))
      throw Error(ST_E_INVALID_ARGUMENT,
                  "parameters of one group of the optimizer have different options: " +
                      quote_all({names.options(group.params()[0]), names.options(parameter)}) +
                      ". Create the groups as they were when the state was saved");
    loaded.states.emplace(parameter.unsafeGetTensorImpl(),
                          read_state<Fields>(reader, names, own, parameter));
  }
  loaded.options = std::move(options);
  return loaded;
}

void commit(Optimizer& optimizer, std::vector<LoadedGroup> loaded) {
  for (std::size_t g = 0; g < loaded.size(); ++g) {
    auto& group = optimizer.param_groups()[g];
    if (!group.params().empty()) group.set_options(std::move(loaded[g].options));
    for (auto& [parameter, state] : loaded[g].states) {
      optimizer.state().erase(parameter);
      if (state) optimizer.state()[parameter] = std::move(state);
    }
  }
}

void load(Optimizer& optimizer, const NamedTensors& parameters, const TensorSource& source,
          const std::string& prefix) {
  const c10::NoGradGuard no_grad;
  const StateNames names(parameters, prefix);
  with_fields_of(optimizer, [&](auto fields) {
    StateReader reader(source, prefix);
    std::vector<LoadedGroup> loaded;
    for (const auto& group : std::as_const(optimizer).param_groups())
      loaded.push_back(read_group<decltype(fields)>(reader, names, group));
    reader.check();
    reader.read();
    commit(optimizer, std::move(loaded));
  });
}

}  // namespace

TensorDict optimizer_state(const Optimizer& optimizer, const NamedTensors& parameters,
                           const std::string& prefix) {
  const c10::NoGradGuard no_grad;
  const StateNames names(parameters, prefix);
  TensorDict dict;
  std::unordered_set<const at::TensorImpl*> written;  // tied parameters occur repeatedly
  with_fields_of(optimizer, [&](auto fields) {
    using Fields = decltype(fields);
    for (const auto& group : optimizer.param_groups()) {
      const auto& options = static_cast<const typename Fields::Options&>(group.options());
      for (const auto& parameter : group.params()) {
        if (!written.insert(parameter.unsafeGetTensorImpl()).second) continue;
        const auto found = optimizer.state().find(parameter.unsafeGetTensorImpl());
        if (found != optimizer.state().end()) {
          const auto& state = static_cast<const typename Fields::State&>(*found->second);
          Fields::visit_state(options, state, FieldWriter(dict, names.state(parameter)));
        }
        Fields::visit_options(options, FieldWriter(dict, names.options(parameter)));
      }
    }
  });
  return dict;
}

void load_optimizer(Optimizer& optimizer, const NamedTensors& parameters,
                    const std::filesystem::path& path, const std::string& prefix) {
  load(optimizer, parameters, FileSource(path, Backend::Mmap, /*read_only=*/false), prefix);
}

void load_optimizer(Optimizer& optimizer, const NamedTensors& parameters, const File& file,
                    const std::string& prefix) {
  load(optimizer, parameters, FileSource(file), prefix);
}

void load_optimizer(Optimizer& optimizer, const NamedTensors& parameters, const NamedTensors& state,
                    const std::string& prefix) {
  load(optimizer, parameters, DictSource({state.begin(), state.end()}), prefix);
}

}  // namespace safetensors
