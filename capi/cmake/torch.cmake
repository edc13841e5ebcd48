# The LibTorch layer, as cpp/meson.build describes it.

if(NOT TARGET torch)
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
  find_package(Torch 2.8 REQUIRED)
endif()

file(GLOB torch_sources CONFIGURE_DEPENDS cpp/*.cpp cpp/device/*.cpp cpp/model/*.cpp cpp/names/*.cpp cpp/tensor/*.cpp)
st_add_library(safetensors_torch torch 0 ${PROJECT_VERSION_MINOR} cpp/safetensors-torch.map ${torch_sources})
set_target_properties(safetensors_torch PROPERTIES OUTPUT_NAME safetensors-torch INSTALL_RPATH "$ORIGIN")
target_include_directories(safetensors_torch PRIVATE cpp)
target_compile_features(safetensors_torch PUBLIC cxx_std_20)
target_link_libraries(safetensors_torch PUBLIC safetensors ${TORCH_LIBRARIES})
