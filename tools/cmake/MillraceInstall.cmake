# cmake --install: the public headers, one archive with every library, and find_package(Millrace).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY MILLRACE_LIBRARIES)
set(objects)
foreach(library IN LISTS libraries)
  list(APPEND objects $<TARGET_OBJECTS:${library}>)
endforeach()
add_library(millrace_archive STATIC ${objects})
set_target_properties(millrace_archive PROPERTIES OUTPUT_NAME millrace LINKER_LANGUAGE CXX)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Millrace)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/MillraceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/MillraceConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/MillraceConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(TARGETS millrace_archive ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/package/MillraceConfig.cmake
  ${PROJECT_BINARY_DIR}/package/MillraceConfigVersion.cmake DESTINATION ${package_dir})
