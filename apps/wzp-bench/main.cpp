// wzp-bench: measurements and demonstrations, each a subcommand.
#include "../command_line.hpp"
#include "demo_command.hpp"
#include "impair_command.hpp"
#include "noise_command.hpp"
#include "quality_command.hpp"
#include "relay_command.hpp"
#include "siege_command.hpp"
#include "wire_command.hpp"

int main(int argc, char** argv) {
  CLI::App app("Measures and demonstrates wzp.", "wzp-bench");
  app.require_subcommand(1);
  int exit_code = 0;
  wzp::bench::add_demo_command(app, exit_code);
  wzp::bench::add_impair_command(app, exit_code);
  wzp::bench::add_noise_command(app, exit_code);
  wzp::bench::add_quality_command(app, exit_code);
  wzp::bench::add_relay_command(app, exit_code);
  wzp::bench::add_siege_command(app, exit_code);
  wzp::bench::add_wire_command(app, exit_code);
  try {
    if (const auto code = wzp::apps::parse(app, argc, argv)) return *code;
  } catch (const std::exception& e) {
    return wzp::apps::fail("wzp-bench", e.what());
  }
  return exit_code;
}
