// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace loopscope::watch {

/// Replaces the file's content: writes FILE.part and renames it, so that a failure leaves the previous file as it was.
///
/// A target that exists and is no regular file, such as /dev/stdout or a FIFO, is written to directly. A symbolic link
/// stays, and what it leads to is replaced.
/// Returns an empty text, or a sentence that says what failed; the part is removed then. Ignores SIGPIPE meanwhile.
/// May block. Threads: one at a time for each file.
std::string blocking_replace_file(const std::filesystem::path& file, std::string_view content);

}  // namespace loopscope::watch
