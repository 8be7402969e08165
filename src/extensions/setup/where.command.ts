import type { Command } from 'commander';
import type { Cli } from '../../core/kit/terminal/cli.ts';

export function addWhere(program: Command, cli: Cli): void {
  program.command('where').action(() => cli.output.result({ cwd: cli.cwd }, () => cli.cwd));
}
