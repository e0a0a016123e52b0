// SPDX-License-Identifier: MIT

// Names code of itself and of plug-ins, as a stall's stack would be named. Commands come on standard input; each answer
// is one line a frame, then a line with a dot.

#include <dlfcn.h>

#include <iostream>
#include <string>

#include "culprit.hpp"
#include "server/monitor/explain/symbolizer.hpp"

namespace {

using loopscope::monitor::raw_stack;
using loopscope::monitor::symbolizer;

void name(const symbolizer& names, const void* return_address) {
  raw_stack stack;
  stack.addresses = {static_cast<const char*>(return_address) - 1};
  for (const auto& frame : names.blocking_frames(stack))
    std::cout << frame.function << ' ' << frame.file.substr(frame.file.rfind('/') + 1) << ':' << frame.line << '\n';
}

}  // namespace

int main() {
  const symbolizer names("");
  void* plug_in = nullptr;
  std::string command;
  std::string argument;
  while (std::cin >> command) {
    if (command == "open") {
      std::cin >> argument;
      plug_in = ::dlopen(argument.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (!plug_in) std::cout << ::dlerror() << '\n';
    } else if (command == "close") {
      ::dlclose(plug_in);
    } else if (command == "address") {
      std::cout << ::dlsym(plug_in, "return_addresses") << '\n';
    } else if (command == "plug-in" || command == "program") {
      auto* const function = command == "program"
                                 ? &return_addresses
                                 : reinterpret_cast<decltype(&return_addresses)>(::dlsym(plug_in, "return_addresses"));
      const void* out[2] = {};
      function(out);
      for (const void* address : out) name(names, address);
    } else if (command == "forget") {
      names.release_unused(std::chrono::nanoseconds{0});
    }
    std::cout << '.' << std::endl;
  }
}
