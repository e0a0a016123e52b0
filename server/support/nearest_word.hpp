// SPDX-License-Identifier: MIT

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace loopscope {

/// The candidate that `word` is most likely a misspelling of; empty if none is close.
///
/// Close: at most one edit for each three characters of `word`, and one for a shorter word. An edit inserts, removes or
/// replaces a character, or swaps two neighbours. Of several, the first one.
/// Source: the optimal string alignment distance.
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

/// " (did you mean WORD?)", or nothing if no candidate is close.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace loopscope
