# millrace_library(NAME SRCS a.cc ... DEPS base io LINK Threads::Threads)
#
# Declares one folder's library. DEPS are the Millrace libraries it may include, LINK the packages.
# tests/house reads these declarations and fails on an include that is not declared here.
function(millrace_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LINK" ${ARGN})
  set(target millrace_${name})
  if(ARG_SRCS)
    add_library(${target} STATIC ${ARG_SRCS})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE millrace_warnings)
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

# millrace_test(NAME SRCS a_test.cc ... DEPS io LABELS unit core LINK pkg)
#
# One GoogleTest executable per library, as build/<preset>/tests/NAME_test, registered with ctest.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LINK;LABELS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name}_test ${ARG_SRCS})
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
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
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
