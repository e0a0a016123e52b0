# SPDX-License-Identifier: MIT

# Writes a C++ file that embeds each of `files`, plain and compressed by `gzip`, with the hash of its content. `names`:
# the name of each file on the page, in the same order.
#
#   cmake -D "names=a.html;sub/b.js" -D "files=/x/a.html;/x/b.js" -D gzip=/usr/bin/gzip -D output=embedded_assets.cpp
#     -P embed_assets.cmake

set(types
  html text/html
  css text/css
  js text/javascript
  json application/json
  svg image/svg+xml)

get_filename_component(folder ${output} DIRECTORY)
set(bytes "")
set(symbols "")
set(rows "")
set(number 0)

function(embed symbol path)
  file(SIZE ${path} size)
  string(APPEND bytes "    \".global ${symbol}\\n${symbol}:\\n.incbin \\\"${path}\\\"\\n\"\n")
  string(APPEND symbols "extern \"C\" const char ${symbol}[${size}];\n")
  set(bytes "${bytes}" PARENT_SCOPE)
  set(symbols "${symbols}" PARENT_SCOPE)
endfunction()

foreach(name path IN ZIP_LISTS names files)
  get_filename_component(extension ${path} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  list(FIND types ${extension} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${path}: no content type is known for .${extension}")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)

  set(compressed ${folder}/embedded_${number}.gz)
  execute_process(COMMAND ${gzip} -9 -n -c ${path} OUTPUT_FILE ${compressed} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 16 hash)

  set(symbol loopscope_asset_${number})
  embed(${symbol} ${path})
  embed(${symbol}_gzip ${compressed})
  string(APPEND rows "    {\"${name}\", \"${type}; charset=utf-8\", \"${hash}\", text(${symbol}), text(${symbol}_gzip)},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${output} "// Made by embed_assets.cmake.
#include <array>

#include \"server/dashboard/assets.hpp\"

asm(\".section .rodata\\n\"
${bytes}    \".text\\n\");

${symbols}
namespace loopscope::dashboard {
namespace {

template <std::size_t N>
std::string_view text(const char (&bytes)[N]) {
  return {bytes, N};
}

}  // namespace

std::span<const asset> all_assets() {
  static const std::array<asset, ${number}> all{{
${rows}  }};
  return all;
}

std::string_view missing() {
  return {};
}

}  // namespace loopscope::dashboard
")
