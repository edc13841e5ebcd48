// Implements LibTorch's device guard: current device, streams and events.
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include <array>
#include <atomic>

#include "fake_guard.h"
#include "fake_memory.h"
#include "fake_work.h"

namespace fake {

namespace {

constexpr auto type = c10::DeviceType::PrivateUse1;

thread_local c10::DeviceIndex current_device = 0;
thread_local std::array<c10::StreamId, device_count> current_stream{};

struct Event {
  Stream* stream;
  std::uint64_t point;
};

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return fake::type; }
  c10::DeviceIndex deviceCount() const noexcept override { return device_count; }

  c10::Device getDevice() const override { return {fake::type, current_device}; }
  void setDevice(c10::Device device) const override {
    TORCH_CHECK(device.type() == fake::type && device.index() < device_count);
    uncheckedSetDevice(device);
  }
  void uncheckedSetDevice(c10::Device device) const noexcept override {
    if (device.has_index()) current_device = device.index();
  }
  c10::Device exchangeDevice(c10::Device device) const override {
    const c10::Device before = getDevice();
    setDevice(device);
    return before;
  }

  c10::Stream getStream(c10::Device device) const override {
    const c10::DeviceIndex index = index_of(device);
    return numbered(index, current_stream[static_cast<std::size_t>(index)]);
  }
  c10::Stream getDefaultStream(c10::Device device) const override {
    return numbered(index_of(device), 0);
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    TORCH_CHECK(has_stream_pool, "fake device: no stream pool");
    static std::atomic<unsigned> turns{0};
    const unsigned turn = turns++;
    return numbered(index_of(device), 1 + static_cast<c10::StreamId>(turn % (stream_count - 1)));
  }
  c10::Stream getNewStream(c10::Device device, int) const override {
    return getStreamFromGlobalPool(device, false);
  }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    const c10::Stream before = getStream(stream.device());
    current_stream[static_cast<std::size_t>(stream.device_index())] = stream.id();
    return before;
  }
  bool queryStream(const c10::Stream& stream) const override {
    return fake::stream(stream).has_passed(fake::stream(stream).tail());
  }
  void synchronizeStream(const c10::Stream& stream) const override {
    fake::stream(stream).wait(fake::stream(stream).tail());
  }
  void synchronizeDevice(c10::DeviceIndex index) const override {
    for (int number = 0; number < stream_count; ++number)
      synchronizeStream(numbered(index < 0 ? current_device : index, number));
  }

  void record(void** event, const c10::Stream& stream, c10::DeviceIndex,
              c10::EventFlag) const override {
    TORCH_CHECK(has_events, "fake device: no events");
    begin(Operation::event);
    Stream& on = fake::stream(stream);
    on.push([] {});
    if (!*event) {
      *event = new Event;
      ++live_events;
    }
    *static_cast<Event*>(*event) = {&on, on.tail()};
  }
  void block(void* event, const c10::Stream& stream) const override {
    if (!event) return;
    const Event waited_for = *static_cast<Event*>(event);
    fake::stream(stream).push([=] { waited_for.stream->wait(waited_for.point); });
  }
  bool queryEvent(void* event) const override {
    if (!event) return true;
    const auto* const asked = static_cast<Event*>(event);
    return asked->stream->has_passed(asked->point);
  }
  void synchronizeEvent(void* event) const override {
    if (!event) return;
    const auto* const waited_for = static_cast<Event*>(event);
    waited_for->stream->wait(waited_for->point);
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    if (!event) return;
    delete static_cast<Event*>(event);
    --live_events;
  }

  void recordDataPtrOnStream(const c10::DataPtr& data, const c10::Stream& stream) const override {
    if (data.get()) memory(data.device().index()).record(data.get(), fake::stream(stream));
  }

 private:
  static c10::DeviceIndex index_of(c10::Device device) {
    return device.has_index() ? device.index() : current_device;
  }
  static c10::Stream numbered(c10::DeviceIndex index, c10::StreamId number) {
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(fake::type, index), number);
  }
};

}  // namespace

const c10::impl::DeviceGuardImplInterface& guard() {
  static auto* const instance = new Guard;
  return *instance;
}

Stream& stream(const c10::Stream& torch_stream) {
  return stream(torch_stream.device_index(), torch_stream.id());
}

}  // namespace fake
