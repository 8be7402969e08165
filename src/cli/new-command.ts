import { Command } from 'commander';
import type { Cli } from './cli.ts';

/** A command whose words go through the one output and whose mistakes are thrown. */
export function newCommand({ output }: Cli, name: string): Command {
  return new Command(name)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => output.raw(text),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(output.columns, 100),
    });
}
