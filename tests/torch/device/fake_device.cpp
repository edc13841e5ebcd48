// Registers the fake accelerator: its guard, its allocators and its hooks.
#include "fake_device.h"

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "fake_guard.h"
#include "fake_kernels.h"
#include "fake_memory.h"
#include "fake_work.h"

namespace fake {

namespace {

constexpr auto type = c10::DeviceType::PrivateUse1;

class DeviceAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t nbytes) override {
    begin(Operation::device_allocation);
    const c10::Device device = guard().getDevice();
    Stream& owner = fake::stream(guard().getStream(device));
    void* const pointer = memory(device.index()).allocate(nbytes, owner);
    return {pointer, pointer, &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t nbytes) const override {
    Stream& on = fake::stream(guard().getStream(guard().getDevice()));
    on.wait(queue_copy(on, to, from, nbytes));
  }

 private:
  static void release(void* pointer) {
    if (pointer) memory(device_of(pointer)).release(pointer);
  }
};

class PinnedAllocator final : public at::HostAllocator {
 public:
  c10::DataPtr allocate(std::size_t nbytes) override {
    begin(Operation::pinned_allocation);
    void* const pointer = allocate_pinned(nbytes);
    return {pointer, pointer, &release_pinned, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release_pinned; }
  void copy_data(void* to, const void* from, std::size_t nbytes) const override {
    std::memcpy(to, from, nbytes);
  }
  // Not deferred: memory freed during a copy is an error of the program, and counted.
  bool record_event(void*, void*, c10::Stream) override { return true; }
  void empty_cache() override {}
  at::HostStats get_stats() override { return {}; }
  void reset_accumulated_stats() override {}
  void reset_peak_stats() override {}
};

class Hooks final : public at::PrivateUse1HooksInterface {
 public:
  explicit Hooks(at::Allocator* pinned) : pinned_(pinned) {}

  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return device_count; }
  c10::DeviceIndex getCurrentDevice() const override { return guard().getDevice().index(); }
  void setCurrentDevice(c10::DeviceIndex index) const override { guard().setDevice({type, index}); }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override {
    return guard().exchangeDevice({type, index}).index();
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override {
    return exchangeDevice(index);
  }
  bool isPinnedPtr(const void* pointer) const override { return is_pinned(pointer); }
  at::Allocator* getPinnedMemoryAllocator() const override { return pinned_; }
  c10::Device getDeviceFromPtr(void* pointer) const override {
    return {type, static_cast<c10::DeviceIndex>(device_of(pointer))};
  }
  void resizePrivateUse1Bytes(const c10::Storage& storage, std::size_t nbytes) const override {
    c10::StorageImpl& impl = *storage.unsafeGetStorageImpl();
    const c10::DeviceGuard on_device(storage.device());
    c10::DataPtr grown = impl.allocator()->allocate(nbytes);
    if (const std::size_t kept = std::min(nbytes, storage.nbytes()))
      impl.allocator()->copy_data(grown.get(), storage.data(), kept);
    impl.set_data_ptr_noswap(std::move(grown));
    impl.set_nbytes(nbytes);
  }

 private:
  at::Allocator* pinned_;
};

PinnedAllocator& pinned_allocator() {
  static auto* const instance = new PinnedAllocator;
  return *instance;
}

}  // namespace

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    auto* const device_allocator = new DeviceAllocator;
    c10::impl::DeviceGuardImplRegistrar(type, &guard());
    c10::SetAllocator(type, device_allocator);
    at::setHostAllocator(type, &pinned_allocator());
    at::RegisterPrivateUse1HooksInterface(new Hooks(&pinned_allocator()));
    c10::register_privateuse1_backend("fake");
    register_kernels(device_allocator);
  });
}

c10::Device device(int index) {
  return {type, static_cast<c10::DeviceIndex>(index)};
}

void set_abilities(Abilities abilities) {
  has_stream_pool = abilities.stream_pool;
  has_events = abilities.events;
  set_storages(abilities.storages);
  at::setHostAllocator(type, abilities.pinned_memory ? &pinned_allocator() : nullptr);
}

void set_pace(Pace pool, Pace current) {
  for (int index = 0; index < device_count; ++index)
    for (int number = 0; number < stream_count; ++number)
      stream(index, number).set_pace(number == 0 ? current : pool);
}

void synchronize() {
  for (int index = 0; index < device_count; ++index)
    guard().synchronizeDevice(static_cast<c10::DeviceIndex>(index));
}

std::uint64_t pending() {
  std::uint64_t sum = 0;
  for (int index = 0; index < device_count; ++index)
    for (int number = 0; number < stream_count; ++number)
      sum += stream(index, number).pending();
  return sum;
}

}  // namespace fake
