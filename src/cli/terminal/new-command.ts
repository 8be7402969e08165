import { type Argument, Command } from 'commander';
import type { Cli } from './cli.ts';

/** A command whose words go through the one output and whose mistakes are thrown. */
export function newCommand({ output }: Cli, name: string): Command {
  return new Command(name)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({
      // "[options]" behind every name says nothing.
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
    })
    .configureOutput({
      writeOut: (text) => output.raw(text),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(output.columns, 100),
    });
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
