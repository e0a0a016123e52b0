# SPDX-License-Identifier: MIT

# `cmake --install` makes a package that find_package(loopscope) and pkg-config find. The components monitor and programs can
# be installed alone; writers, the library loopscope::writers, needs monitor beside it.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/loopscope)
set(include_folder ${CMAKE_INSTALL_INCLUDEDIR}/loopscope)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/loopscope-config.cmake.in
  ${PROJECT_BINARY_DIR}/loopscope-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/loopscope-config-version.cmake COMPATIBILITY SameMinorVersion)

install(FILES
  ${PROJECT_BINARY_DIR}/loopscope-config.cmake
  ${PROJECT_BINARY_DIR}/loopscope-config-version.cmake
  DESTINATION ${package_folder} COMPONENT monitor)
install(TARGETS loopscope_system EXPORT loopscope-system-targets COMPONENT monitor)
install(EXPORT loopscope-system-targets NAMESPACE loopscope:: DESTINATION ${package_folder} COMPONENT monitor)
install(TARGETS loopscope_monitor EXPORT loopscope-monitor-targets COMPONENT monitor)
install(EXPORT loopscope-monitor-targets NAMESPACE loopscope:: DESTINATION ${package_folder} COMPONENT monitor)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/libdw.cmake DESTINATION ${package_folder} COMPONENT monitor)
get_property(headers GLOBAL PROPERTY LOOPSCOPE_MONITOR_HEADERS)
foreach(header IN LISTS headers)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${PROJECT_SOURCE_DIR}/server/monitor/${header}
    DESTINATION ${include_folder}/monitor/${folder} COMPONENT monitor)
endforeach()
# The prefix is found from where the file lies, so that `cmake --install --prefix` may choose it.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/loopscope-monitor.pc.in ${PROJECT_BINARY_DIR}/loopscope-monitor.pc @ONLY)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT monitor)
install(FILES ${PROJECT_BINARY_DIR}/loopscope-monitor.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT monitor)

if(NOT LOOPSCOPE_MONITOR_ONLY)
  install(TARGETS loopscope_asio loopscope_writers EXPORT loopscope-writers-targets COMPONENT writers)
  install(EXPORT loopscope-writers-targets NAMESPACE loopscope:: DESTINATION ${package_folder} COMPONENT writers)
  # The headers in writers/ are the library's interface; the folders below it are its insides, except system/process
  # and system/page_cache, whose figures are in the report.
  foreach(header IN ITEMS back_end file_error io_pool method write_progress write_report write_run)
    install(FILES ${PROJECT_SOURCE_DIR}/writers/${header}.hpp DESTINATION ${include_folder}/writers COMPONENT writers)
  endforeach()
  install(FILES ${PROJECT_SOURCE_DIR}/writers/system/page_cache.hpp ${PROJECT_SOURCE_DIR}/writers/system/process.hpp
    DESTINATION ${include_folder}/writers/system COMPONENT writers)
  install(TARGETS loopscope loopscope-probe COMPONENT programs)
  install(FILES ${PROJECT_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
  if(NOT CMAKE_CROSSCOMPILING)
    install(FILES ${PROJECT_BINARY_DIR}/share/loopscope.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
    install(FILES ${PROJECT_BINARY_DIR}/share/loopscope.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
      RENAME loopscope COMPONENT programs)
  endif()
  # `loopscope watch` finds it beside the binary.
  install(TARGETS loopscope_watch_preload LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endif()
