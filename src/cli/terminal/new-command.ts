import { type Argument, Command, Help } from 'commander';
import type { Cli } from './cli.ts';

/** The heading above the options that every command takes. */
export const COMMON_OPTIONS = 'Common options:';

/** A command whose words go through the one output and whose mistakes are thrown. */
export function newCommand({ output }: Cli, name: string): Command {
  return new Command(name)
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'Show this help')
    .configureHelp({
      // What every command takes comes last, wherever it was added.
      groupItems: (unsorted, visible, groupOf) => {
        const groups = new Help().groupItems(unsorted, visible, groupOf);
        const common = groups.get(COMMON_OPTIONS);
        groups.delete(COMMON_OPTIONS);
        return common === undefined ? groups : groups.set(COMMON_OPTIONS, common);
      },
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
