#include "operations.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "json.h"
#include "torch_dtype.h"

namespace {

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The bytes of the values in the order of the elements, for any dtype.
std::string values(const at::Tensor& tensor) {
  const auto item = static_cast<std::int64_t>(tensor.element_size());
  auto sizes = tensor.sizes().vec();
  auto strides = tensor.strides().vec();
  for (auto& stride : strides)
    stride *= item;
  sizes.push_back(item);
  strides.push_back(1);
  const auto bytes = at::empty({0}, at::kByte)
                         .set_(tensor.storage(), tensor.storage_offset() * item, sizes, strides)
                         .contiguous();
  return {static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()};
}

std::string describe(const std::string& name, const at::Tensor& tensor) {
  return json::object(
      {{"name", json::text(name)},
       {"dtype", json::text(format_dtype(tensor.scalar_type()))},
       {"shape", json::numbers(tensor.sizes().vec())},
       {"strides", json::numbers(tensor.strides().vec())},
       {"storage", json::number(static_cast<std::int64_t>(tensor.storage().nbytes()))},
       {"requires_grad", json::boolean(tensor.requires_grad())},
       {"data", json::hex(values(tensor))}});
}

std::string describe_all(const safetensors::NamedTensors& tensors) {
  std::vector<std::string> list;
  for (const auto& [name, tensor] : tensors)
    list.push_back(describe(name, tensor));
  return json::array(list);
}

using Fields = std::vector<json::Field>;

void add_report(const safetensors::LoadReport& report, Fields& fields) {
  fields.push_back({"missing", json::texts(report.missing)});
  fields.push_back({"unexpected", json::texts(report.unexpected)});
  fields.push_back({"loaded", json::texts(report.loaded)});
  std::vector<std::string> mismatched;
  for (const auto& each : report.mismatched) {
    mismatched.push_back(json::array(
        {json::text(each.name), json::numbers(each.file_shape), json::numbers(each.model_shape)}));
  }
  fields.push_back({"mismatched", json::array(mismatched)});
}

safetensors::LoadReport load_model(Workbench& bench, const ScriptLine& line) {
  safetensors::LoadModelOptions options;
  options.strict = line.flag(1);
  return bench.jit() ? safetensors::load_model(*bench.jit(), line.bytes(0), options)
                     : safetensors::load_model(bench.module(), line.bytes(0), options);
}

void save_model(Workbench& bench, const ScriptLine& line) {
  safetensors::SaveModelOptions options;
  options.metadata = bench.metadata();
  options.force_contiguous = line.flag(1);
  if (bench.jit()) {
    safetensors::save_model(*bench.jit(), line.bytes(0), options);
  } else {
    safetensors::save_model(bench.module(), line.bytes(0), options);
  }
}

void save_to_bytes(const Workbench& bench, const std::string& path) {
  const auto bytes = safetensors::save(bench.dictionary(), bench.metadata());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

safetensors::TensorDict load_from_bytes(const ScriptLine& line) {
  std::string bytes = read_bytes(line.bytes(0));
  if (line.word(1) == "keep") return safetensors::load(std::move(bytes));
  return safetensors::load(bytes);
}

safetensors::TensorDict load_file(const ScriptLine& line) {
  safetensors::LoadOptions options;
  if (line.word(1) == "pread") options.backend = safetensors::Backend::Pread;
  return safetensors::load_file(line.bytes(0), options);
}

void perform(const ScriptLine& line, Workbench& bench, Fields& fields) {
  const std::string& command = line.command();
  if (command == "save_file") {
    safetensors::save_file(bench.dictionary(), line.bytes(0), bench.metadata());
  } else if (command == "save") {
    save_to_bytes(bench, line.bytes(0));
  } else if (command == "save_model") {
    save_model(bench, line);
  } else if (command == "load_file") {
    fields.push_back({"tensors", describe_all(load_file(line))});
  } else if (command == "load") {
    fields.push_back({"tensors", describe_all(load_from_bytes(line))});
  } else if (command == "load_model") {
    add_report(load_model(bench, line), fields);
  } else {
    throw std::logic_error("no command: " + command);
  }
}

}  // namespace

std::string answer(const ScriptLine& line, Workbench& bench) {
  Fields fields;
  const auto failed = [&](const char* error, int code, const char* text) {
    fields.push_back({"error", json::text(error)});
    fields.push_back({"code", json::number(code)});
    fields.push_back({"text", json::text(text)});
  };
  try {
    perform(line, bench, fields);
  } catch (const safetensors::ModelMismatchError& error) {
    failed("ModelMismatchError", error.code(), error.what());
    add_report(error.report(), fields);
  } catch (const safetensors::Error& error) {
    failed("Error", error.code(), error.what());
  } catch (const c10::Error& error) {
    failed("c10::Error", 0, error.what_without_backtrace());
  }
  if (line.command() == "load_model") {
    fields.push_back({"tensors", describe_all(bench.model_state())});
  }
  return json::object(fields);
}
