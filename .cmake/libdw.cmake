# SPDX-License-Identifier: MIT

# Defines loopscope::libdw, or sets LOOPSCOPE_LIBDW_MISSING to a sentence that says what to install. Used by the build and
# by the installed package. By library and header, as libdw-dev has both: not every system's has a file for pkg-config.
find_path(LOOPSCOPE_LIBDW_INCLUDE elfutils/libdwfl.h)
find_library(LOOPSCOPE_LIBDW_LIBRARY dw)
mark_as_advanced(LOOPSCOPE_LIBDW_INCLUDE LOOPSCOPE_LIBDW_LIBRARY)
set(LOOPSCOPE_LIBDW_MISSING "")
if(NOT LOOPSCOPE_LIBDW_INCLUDE OR NOT LOOPSCOPE_LIBDW_LIBRARY)
  set(LOOPSCOPE_LIBDW_MISSING "libdw of elfutils is missing; it finds the function, file and line of a stall. \
Install libdw-dev (Debian, Ubuntu) or elfutils-devel (Fedora, openSUSE libdw-devel).")
elseif(NOT TARGET loopscope::libdw)
  add_library(loopscope::libdw UNKNOWN IMPORTED GLOBAL)
  set_target_properties(loopscope::libdw PROPERTIES
    IMPORTED_LOCATION "${LOOPSCOPE_LIBDW_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LOOPSCOPE_LIBDW_INCLUDE}")
endif()
