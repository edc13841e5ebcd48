# st_add_library(target name abi_version release map source...): a library with the hardening, visibility and version
# script of the Meson build, and the alias safetensors::NAME.

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

set(st_hardening)
check_cxx_compiler_flag(-fstack-protector-strong ST_HAS_STACK_PROTECTOR)
if(ST_HAS_STACK_PROTECTOR)
  list(APPEND st_hardening -fstack-protector-strong)
endif()
set(st_hardening_link -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
check_cxx_compiler_flag(-fcf-protection=full ST_HAS_CET)
if(ST_HAS_CET)
  list(APPEND st_hardening -fcf-protection=full)
  list(APPEND st_hardening_link -Wl,-z,shstk)
endif()

# Needs optimisation, which the program's own build types may lack.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <stdlib.h>\nint main() { return 0; }" ST_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
if(ST_HAS_FORTIFY_3)
  set(fortify "-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3")
else()
  set(fortify "-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2")
endif()
list(APPEND st_hardening "$<$<OR:$<CONFIG:Release>,$<CONFIG:RelWithDebInfo>,$<CONFIG:MinSizeRel>>:${fortify}>")

function(st_add_library target name abi_version release map)
  add_library(${target} ${ARGN})
  add_library(safetensors::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN OFF
    POSITION_INDEPENDENT_CODE ON
    UNITY_BUILD OFF
    DEFINE_SYMBOL ""
    SOVERSION ${abi_version}
    VERSION ${abi_version}.${release}.${PROJECT_VERSION_PATCH})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_options(${target} PRIVATE ${st_hardening})
  if(NOT is_top_level)
    # Warnings that the program enables for all its directories are for its own sources.
    target_compile_options(${target} PRIVATE -w)
  endif()
  if(BUILD_SHARED_LIBS)
    set(map "${PROJECT_SOURCE_DIR}/${map}")
    target_link_options(${target} PRIVATE "-Wl,--version-script,${map}" -Wl,-z,nodelete ${st_hardening_link})
    set_target_properties(${target} PROPERTIES LINK_DEPENDS "${map}")
  endif()
endfunction()
