import { type Argument, Command, Help } from 'commander';
import type { Cli } from './cli.ts';

/** The heading above the options that every command takes. */
export const COMMON_OPTIONS = 'Common options:';

/** A command that prints through `output` and throws usage errors. */
export function newCommand({ output }: Cli, name: string): Command {
  return new Command(name)
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'Show this help')
    .configureHelp({
      // Common options come last, wherever they were added.
      groupItems: (unsorted, visible, groupOf) => {
        const groups = new Help().groupItems(unsorted, visible, groupOf);
        const common = groups.get(COMMON_OPTIONS);
        groups.delete(COMMON_OPTIONS);
        return common === undefined ? groups : groups.set(COMMON_OPTIONS, common);
      },
      // Omit "[options]", which every command has.
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
    })
    .configureOutput({
      writeOut: (text) => output.raw(text),
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(output.columns, 100),
    });
}

export function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
