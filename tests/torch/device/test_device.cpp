#include "test_device.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstdlib>
#include <string>

#include "fake_device.h"

namespace test {

namespace {

std::string device_name() {
  const char* const name = std::getenv("SAFETENSORS_TEST_DEVICE");
  return name && *name ? name : "fake";
}

void start_over() {
  if (!on_fake()) return;
  fake::install();
  fake::set_pace(fake::Pace::random, fake::Pace::random);
  fake::set_abilities({});
  fake::fail_nothing();
  fake::set_copy_hook(nullptr);
  fake::synchronize();
  fake::reset_counters();
}

}  // namespace

bool on_fake() {
  return device_name() == "fake";
}

c10::Device device(int index) {
  if (on_fake()) fake::install();
  return {c10::Device(device_name()).type(), static_cast<c10::DeviceIndex>(index)};
}

int device_count() {
  return c10::impl::VirtualGuardImpl(device().type()).deviceCount();
}

FreshDevice::FreshDevice() {
  start_over();
}
FreshDevice::~FreshDevice() {
  start_over();
}

}  // namespace test
