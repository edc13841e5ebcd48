# st_link_simdjson(target): gives the target the pinned simdjson, or the one of the program or the system.

# st_find_pinned_simdjson(variable): the directory of the pinned sources that subprojects/safetensors-simdjson.wrap names:
# the unpacked ones in subprojects/, else the archive in subprojects/packagecache, else a download.
function(st_find_pinned_simdjson variable)
  set(subprojects "${PROJECT_SOURCE_DIR}/subprojects")
  foreach(key directory source_url source_filename source_hash)
    file(STRINGS "${subprojects}/safetensors-simdjson.wrap" line REGEX "^${key} = ")
    string(REGEX REPLACE "^${key} = " "" ${key} "${line}")
  endforeach()

  set(unpacked "${subprojects}/${directory}")
  if(NOT EXISTS "${unpacked}/singleheader/simdjson.cpp")
    set(unpacked "${PROJECT_BINARY_DIR}/${directory}")
  endif()
  if(NOT EXISTS "${unpacked}/singleheader/simdjson.cpp")
    set(archive "${subprojects}/packagecache/${source_filename}")
    if(NOT EXISTS "${archive}")
      set(archive "${PROJECT_BINARY_DIR}/${source_filename}")
      message(STATUS "Downloading ${source_url}")
      file(DOWNLOAD "${source_url}" "${archive}" INACTIVITY_TIMEOUT 30 STATUS status)
      list(GET status 1 problem)
    endif()
    file(SHA256 "${archive}" found_hash)
    if(NOT found_hash STREQUAL source_hash)
      message(FATAL_ERROR "${archive} is not the pinned simdjson, which ${source_url} should be (${problem}).\n"
        "\"python3 ${subprojects}/fetch.py\" looks for it in other places; SAFETENSORS_SYSTEM_SIMDJSON=ON uses another.")
    endif()
    execute_process(
      COMMAND "${CMAKE_COMMAND}" -E tar xzf "${archive}" "${directory}/singleheader"
      WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
  endif()
  set(${variable} "${unpacked}/singleheader" PARENT_SCOPE)
endfunction()

function(st_link_simdjson target)
  if(SAFETENSORS_SYSTEM_SIMDJSON)
    if(NOT TARGET simdjson::simdjson)
      # The program links a static library with it too.
      set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
      find_package(simdjson 3.12.3 REQUIRED)
    endif()
    target_link_libraries(${target} PRIVATE simdjson::simdjson)
  else()
    st_find_pinned_simdjson(directory)
    target_sources(${target} PRIVATE "${directory}/simdjson.cpp")
    set_source_files_properties("${directory}/simdjson.cpp" PROPERTIES COMPILE_OPTIONS -w)
    target_include_directories(${target} SYSTEM PRIVATE "${directory}")
    # The program may link another version of simdjson.
    target_compile_definitions(${target} PRIVATE simdjson=st_simdjson)
  endif()
endfunction()
