# `cmake --install` makes a package that find_package(loopscope) finds: loopscope::monitor and loopscope::writers.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/loopscope)
install(EXPORT loopscope-targets NAMESPACE loopscope:: DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/loopscope-config.cmake.in
  ${CMAKE_BINARY_DIR}/loopscope-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/loopscope-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_BINARY_DIR}/loopscope-config.cmake
  ${CMAKE_BINARY_DIR}/loopscope-config-version.cmake
  DESTINATION ${package_folder})
