# cmake --install: the libraries, the headers, and the package for find_package.

include(GNUInstallDirs)

set(package_files safetensors-config safetensors-config-version)
set(excluded PATTERN "torch*" EXCLUDE)

# The variables of the package's files.
set(VERSION "${PROJECT_VERSION}")
file(RELATIVE_PATH INCLUDEDIR "/${CMAKE_INSTALL_LIBDIR}" "/${CMAKE_INSTALL_INCLUDEDIR}")
set(INCLUDEDIR "\${_safetensors_libdir}/${INCLUDEDIR}")
set(SONAME "libsafetensors.so.${abi_version}")
set(SHARED_LIBRARY "${SONAME}.${release}.${PROJECT_VERSION_PATCH}")
set(SYSTEM_SIMDJSON ${SAFETENSORS_SYSTEM_SIMDJSON})
set(STATIC_LIBRARIES "-lstdc++ -lm -lpthread")
if("c++" IN_LIST CMAKE_CXX_IMPLICIT_LINK_LIBRARIES)
  set(STATIC_LIBRARIES "-lc++ -lm -lpthread")
endif()

install(TARGETS safetensors DESTINATION ${CMAKE_INSTALL_LIBDIR})

if(SAFETENSORS_TORCH)
  set(TORCH_SONAME "libsafetensors-torch.so.0")
  set(TORCH_SHARED_LIBRARY "${TORCH_SONAME}.${PROJECT_VERSION_MINOR}.${PROJECT_VERSION_PATCH}")
  set(TORCH_INCLUDEDIRS "${TORCH_INCLUDE_DIRS}")
  set(TORCH_LIBDIR "${TORCH_INSTALL_PREFIX}/lib")
  set(TORCH_LINK_ARGS "-L${TORCH_LIBDIR};-Wl,-rpath,${TORCH_LIBDIR};-ltorch_cpu;-lc10")
  install(TARGETS safetensors_torch DESTINATION ${CMAKE_INSTALL_LIBDIR})
  list(APPEND package_files safetensors-torch)
  set(excluded)
endif()

install(DIRECTORY include/safetensors DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${excluded})
foreach(name IN LISTS package_files)
  configure_file(capi/cmake/${name}.cmake.in cmake/${name}.cmake @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/cmake/${name}.cmake"
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/safetensors)
endforeach()
