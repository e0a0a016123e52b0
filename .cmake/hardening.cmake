# SPDX-License-Identifier: MIT

# What the compiler and the linker add against memory errors that testing has not found, in the builds that users run.
# For every target: an object without it would take some of it from the whole program. A sanitizer does it better.
include(CheckCXXCompilerFlag)

string(REGEX MATCH "^Rel" optimised "${CMAKE_BUILD_TYPE}")
option(LOOPSCOPE_HARDEN "Compile with run-time checks (Release and RelWithDebInfo)" ON)

if(LOOPSCOPE_HARDEN AND optimised AND NOT LOOPSCOPE_SANITIZE)
  # Not CMake's property: it would compile the static libraries as for a shared one, where calls are slower. Those that
  # have it are for plug-ins, too.
  add_compile_options($<$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>:-fPIE>)
  add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  # Distributions preset a level of their own: without -U the compiler warns of the second definition.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "LOOPSCOPE_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
endif()
