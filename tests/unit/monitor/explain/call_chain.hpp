// SPDX-License-Identifier: MIT

#pragma once

#include <string>

// The same functions, built with and without a frame pointer. outer() calls middle(), which calls inner() through a
// pointer, and inner() calls the function that it was given, which is to block. read_byte() is such a function, with
// the words of earlier calls in its frame.
namespace app::with_frame_pointer {
void read_byte(int fd);
void outer(void (*block)(int), int argument);
}  // namespace app::with_frame_pointer
namespace app::without_frame_pointer {
void read_byte(int fd);
void outer(void (*block)(int), int argument);
}  // namespace app::without_frame_pointer
