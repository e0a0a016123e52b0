// SPDX-License-Identifier: MIT

#include "help_text.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace loopscope::config {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t command_column = 15;

using options = std::vector<const CLI::Option*>;

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* each) { return !each->get_name().empty(); });
}

options options_of(const CLI::App& app, const std::string& group) {
  return app.get_options([&group](const CLI::Option* each) { return each->get_group() == group; });
}

/// In the order of their declaration; the information comes last.
std::vector<std::string> groups_of(const CLI::App& app) {
  std::vector<std::string> groups = app.get_groups();
  std::erase_if(groups, [&app](const std::string& each) { return options_of(app, each).empty(); });
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& each) { return each != information_group; });
  return groups;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// "ADDRESS" of "ADDRESS:INT in [1 - 9]".
std::string value_name(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  return name.substr(0, name.find(':'));
}

/// "INT in [1 - 9]" of the same.
std::string allowed_values(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const auto colon = name.find(':');
  return colon == std::string::npos ? std::string{} : name.substr(colon + 1);
}

/// "-h, --help", "--listen ADDRESS", "METHOD".
std::string name_of(const CLI::Option& option) {
  std::string text;
  for (const auto& each : option.get_snames()) text.append(text.empty() ? "-" : ", -").append(each);
  for (const auto& each : option.get_lnames()) text.append(text.empty() ? "--" : ", --").append(each);
  if (text.empty()) return value_name(option);
  return takes_value(option) ? text + " " + value_name(option) : text;
}

std::string short_text(const CLI::Option& option) {
  const std::string& text = option.get_description();
  const std::string first = text.substr(0, text.find_first_of(";("));
  const std::string brief = first.substr(0, first.find_last_not_of(' ') + 1);
  return option.get_default_str().empty() ? brief : brief + " [" + option.get_default_str() + "]";
}

std::string full_text(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) text += " [" + option.get_default_str() + "]";
  if (const auto allowed = allowed_values(option); !allowed.empty()) text += " (" + allowed + ")";
  if (!option.get_envname().empty()) text += " (Env:" + option.get_envname() + ")";
  return text;
}

/// A name, and beside it the text in lines that end before the last column. A long name has a line of its own.
std::string row(const std::string& name, std::string_view text, std::size_t column) {
  std::string out = "  " + name;
  std::size_t at = out.size();
  if (at + 1 > column) {
    out += '\n';
    at = 0;
  }
  out.append(column - at, ' ');
  at = column;
  bool first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!first && at + 1 + word.size() >= columns) {
      out.append("\n").append(column, ' ');
      at = column;
    } else if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    first = false;
  }
  return out + "\n";
}

std::string rows_of_commands(const CLI::App& app) {
  std::string out = "\nCommands:\n";
  for (const CLI::App* each : commands_of(app)) out += row(each->get_name(), each->get_description(), command_column);
  return out;
}

std::string rows_of_group(const CLI::App& app, const std::string& group, bool full) {
  constexpr std::size_t short_column = 26;
  constexpr std::size_t full_column = 32;
  std::string out = "\n" + group + ":\n";
  for (const CLI::Option* each : options_of(app, group))
    out += row(name_of(*each), full ? full_text(*each) : short_text(*each), full ? full_column : short_column);
  return out;
}

/// One command beside `serve`: it has few flags, and all of them are shown.
std::string help_of_command(const CLI::App& app) {
  std::string usage = app.get_name();
  for (const CLI::App* each = app.get_parent(); each != nullptr; each = each->get_parent())
    usage = each->get_name() + " " + usage;
  for (const CLI::Option* each : app.get_options())
    if (each->get_positional()) usage += " " + value_name(*each);
  std::string out = app.get_description() + ".\n";
  out += app.get_footer().size() > 1 ? app.get_footer() : "\nUsage: " + usage + " [FLAGS]\n";
  for (const auto& group : groups_of(app)) out += rows_of_group(app, group, true);
  return out;
}

/// Text for roff, where a backslash, a hyphen, and a dot or a quote at the start of a line mean something.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string roff_options(const CLI::App& app) {
  std::string out;
  for (const auto& group : groups_of(app)) {
    out += ".SS " + roff(group) + "\n";
    for (const CLI::Option* each : options_of(app, group))
      out += ".TP\n.B " + roff(name_of(*each)) + "\n" + roff(full_text(*each)) + "\n";
  }
  return out;
}

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) words.append(words.empty() ? "--" : " --").append(name);
  return words;
}

}  // namespace

std::string help_formatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode mode) const {
  const bool is_serve = app->get_parent() != nullptr && app->get_name() == "serve";
  if (is_serve) app = app->get_parent();
  if (commands_of(*app).empty()) return help_of_command(*app);
  const bool full = mode == CLI::AppFormatMode::All;
  std::string out =
      app->get_description() + "\nUsage: " + app->get_name() + " [COMMAND] [FLAGS]\n" + rows_of_commands(*app);
  for (const auto& group : groups_of(*app))
    if (full || group == main_group || group == information_group) out += rows_of_group(*app, group, full);
  return out;
}

void describe_help_flag(CLI::App& app) {
  app.set_help_flag("-h,--help", "Print this, or the flags of a command");
}

std::string man_page(const CLI::App& app, const std::string& version) {
  std::string out = ".TH LOOPSCOPE 1 \"\" \"loopscope " + roff(version) + "\" \"User Commands\"\n.SH NAME\n" +
                    "loopscope \\- see, measure and explain event\\-loop blocking\n.SH SYNOPSIS\n" +
                    ".B loopscope\n[serve] [FLAGS]\n.br\n.B loopscope watch\n[FLAGS] \\-\\- COMMAND [ARG...]\n";
  for (const CLI::App* each : commands_of(app)) {
    if (each->get_name() == "serve" || each->get_name() == "watch") continue;
    std::string arguments;
    for (const CLI::Option* option : each->get_options())
      if (option->get_positional()) arguments += value_name(*option) + " ";
    out += ".br\n.B loopscope " + roff(each->get_name()) + "\n" + roff(arguments) + "[FLAGS]\n";
  }
  out +=
      ".SH DESCRIPTION\nA small HTTP service whose /write blocks its event loop on purpose, which watches that loop "
      "and "
      "says what\nblocked it, where, and for how long. The command\n.B watch\nexplains the loops of any program.\n"
      ".SH COMMANDS\n";
  for (const CLI::App* each : commands_of(app))
    out += ".TP\n.B " + roff(each->get_name()) + "\n" + roff(each->get_description()) + ".\n";
  out += ".SH FLAGS OF SERVE\n" + roff_options(app);
  for (const CLI::App* each : commands_of(app)) {
    if (each->get_name() == "serve") continue;
    std::string title = each->get_name();
    std::ranges::transform(title, title.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    out += ".SH FLAGS OF " + title + "\n" + roff_options(*each);
  }
  out +=
      ".SH ENVIRONMENT\nEvery flag has a variable, named above as Env. A flag that is given counts more.\n"
      ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nIt could not run: an address in use, no data directory.\n"
      ".TP\n.B 2\nWrong usage.\n.PP\n.B loopscope watch\nexits with the status of the command, 128 + N after signal "
      "N.\n";
  return out;
}

std::string bash_completion(const CLI::App& app, const std::vector<std::string>& methods) {
  std::string names;
  std::string cases;
  for (const CLI::App* each : commands_of(app)) {
    const std::string& name = each->get_name();
    names.append(names.empty() ? "" : " ").append(name);
    if (name == "serve") continue;
    std::string words = words_of(*each);
    if (name == "write") words = CLI::detail::join(methods, " ") + " " + words;
    if (name == "completion") words = "bash " + words;
    cases += "    " + name + ") words='" + words + "' ;;\n";
  }
  return "# Completion of loopscope's commands and flags for bash: source <(loopscope completion bash)\n"
         "_loopscope() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words word\n"
         "  COMPREPLY=()\n"
         "  if [[ $command == watch ]]; then\n"
         "    for word in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
         "      [[ $word == -- ]] && return\n"
         "    done\n"
         "  fi\n"
         "  ((COMP_CWORD == 1)) && command=\n"
         "  case $command in\n" +
         cases + "    '') words='" + names + " " + words_of(app) + "' ;;\n    *) words='" + words_of(app) +
         "' ;;\n"
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o bashdefault -o default -F _loopscope loopscope\n";
}

}  // namespace loopscope::config
