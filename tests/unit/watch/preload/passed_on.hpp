// SPDX-License-Identifier: MIT

#pragma once

/// Calls each function that the library wraps. Prints what differs from what libc promises; returns whether nothing
/// did.
bool all_is_passed_on();
