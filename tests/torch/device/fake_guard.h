// The device guard of the fake accelerator.
#pragma once

#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace fake {

// The one instance, never destroyed.
const c10::impl::DeviceGuardImplInterface& guard();

}  // namespace fake
