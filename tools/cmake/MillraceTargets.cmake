# millrace_library(NAME SRCS a.cc ... DEPS base io LINK Threads::Threads)
#
# Declares one folder's library. DEPS are the Millrace libraries it may include, LINK the packages. APART: some of its sources
# have names of their own in common, and can't be compiled in one go.
# tests/house reads these declarations and fails on an include that is not declared here.
function(millrace_library name)
  cmake_parse_arguments(ARG "OBJECT;APART" "" "SRCS;DEPS;LINK" ${ARGN})
  set(target millrace_${name})
  if(ARG_SRCS)
    set(kind STATIC)
    if(ARG_OBJECT)  # linked whole: what defines something that a lower layer only declares
      set(kind OBJECT)
    endif()
    add_library(${target} ${kind} ${ARG_SRCS})
    set(scope PUBLIC)
    set_property(GLOBAL APPEND PROPERTY MILLRACE_LIBRARIES ${target})  # into the installed archive
    target_link_libraries(${target} PRIVATE millrace_warnings)
    if(MILLRACE_SANITIZE AND NOT ARG_APART)  # built whole and seldom: a folder's sources in one go take half the time
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
    endif()
    if(MILLRACE_BUILD_FUZZERS)  # coverage for libFuzzer
      target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope}
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${target} ${scope} millrace_${dep})
  endforeach()
  target_link_libraries(${target} ${scope} ${ARG_LINK})
endfunction()

# millrace_test(NAME SRCS a_test.cc ... HOT b_test.cc ... DEPS io LABELS unit core LINK pkg)
#
# One GoogleTest executable per library, as build/<preset>/tests/NAME_test, registered with ctest. The target
# tests_<label> builds every test program that carries the label; all of them have the label `program`.
# HOT are the sources whose tests run long, or measure: only they are optimized. A test instantiates much of the engine, and
# optimizing that is more than half of its compile time, with the sanitizers' checks in it three quarters. All others take
# GoogleTest and the standard headers precompiled (tests/precompiled), which is a second of the three that most of them take.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;HOT;DEPS;LINK;LABELS" ${ARGN})
  find_package(GTest REQUIRED)
  list(APPEND ARG_LABELS program)
  add_executable(${name}_test ${ARG_HOT} ${ARG_SRCS})  # of a function in both kinds the linker takes the first
  set_target_properties(${name}_test PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${MILLRACE_PROGRAM_DIR}/tests)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${name}_test PRIVATE millrace_${dep})
  endforeach()
  target_link_libraries(${name}_test PRIVATE millrace_warnings GTest::gtest GTest::gtest_main ${ARG_LINK})
  add_test(NAME ${name} COMMAND ${name}_test)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  target_compile_options(${name}_test PRIVATE -O0)
  target_precompile_headers(${name}_test REUSE_FROM tests_precompiled)
  foreach(source IN LISTS ARG_HOT)
    if(NOT source MATCHES "^\\$<")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS ${millrace_optimized} SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
  if(MILLRACE_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  foreach(label IN LISTS ARG_LABELS)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name}_test)
  endforeach()
endfunction()

# millrace_fuzz(NAME SRCS a_fuzz.cc DEPS connectors)
#
# One libFuzzer program, as build/<preset>/fuzz/NAME_fuzz; its stored corpus is tests/fuzz/corpus/NAME.
# Built only with MILLRACE_BUILD_FUZZERS (preset asan), by the target `fuzzers`.
function(millrace_fuzz name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  if(NOT MILLRACE_BUILD_FUZZERS)
    return()
  endif()
  add_executable(${name}_fuzz EXCLUDE_FROM_ALL ${ARG_SRCS})
  set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${MILLRACE_PROGRAM_DIR}/fuzz)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${name}_fuzz PRIVATE millrace_${dep})
  endforeach()
  target_link_libraries(${name}_fuzz PRIVATE millrace_warnings ${ARG_LINK})
  target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name}_fuzz)
endfunction()

# millrace_program(NAME FOLDER SRCS a.cc DEPS job) puts a program at build/<preset>/FOLDER/NAME.
function(millrace_program name folder)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${MILLRACE_PROGRAM_DIR}/${folder})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${name} PRIVATE millrace_${dep})
  endforeach()
  target_link_libraries(${name} PRIVATE millrace_warnings ${ARG_LINK})
endfunction()
