// SPDX-License-Identifier: MIT

#pragma once

/// Fills in return addresses: in a function inlined into another one, and in a lambda compiled out of line with library
/// code around it.
extern "C" [[gnu::visibility("default")]] void return_addresses(const void* out[2]);
