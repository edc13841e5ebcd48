// The code of the safetensors::Error that a call throws.
#pragma once

#include <safetensors/safetensors.hpp>

template <class Call>
st_status code_of(Call call) {
  try {
    call();
  } catch (const safetensors::Error& error) {
    return error.code();
  }
  return ST_OK;
}
