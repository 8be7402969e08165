import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
export function addDemo(program: Command, cli: Cli): void {
  program.command('demo').action(() => cli.output.say('soon'));
}
