import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Cli } from './cli.ts';
import { COMMON_OPTIONS } from './new-command.ts';

export interface SharedOptions {
  /** A folder in the project, or its `.samocode`. */
  project?: string;
}

export type AddCommand = (program: Command, cli: Cli) => void;

/** Adds the options that every command takes; `--json` and `--no-color` are read by `main.ts`. */
export function withSharedOptions(command: Command): Command {
  const options = [
    new Option(
      '-C, --project <folder>',
      'a folder of the project, or its .samocode (default: the current folder)',
    ),
    new Option('--json', 'print one JSON object for programs'),
    new Option('--no-color', 'print without colour, like NO_COLOR'),
  ];
  for (const option of options) command.addOption(option.helpGroup(COMMON_OPTIONS));
  return command.addHelpOption(new Option('-h, --help', 'show this help').helpGroup(COMMON_OPTIONS));
}

/** Adds `--no-pager` to a command whose text may be long; `main.ts` reads it. */
export function withPager(command: Command): Command {
  const option = new Option('--no-pager', 'print everything at once instead of through $PAGER');
  return command.addOption(option.helpGroup(COMMON_OPTIONS));
}

/** Parses a number of at most six digits. @param expected named in the error */
export function numberOption(least: 0 | 1, expected = `a whole number, ${least} or more`) {
  return (text: string): number => {
    if (/^\d{1,6}$/.test(text) && Number(text) >= least) return Number(text);
    throw new InvalidArgumentError(`It must be ${expected}.`);
  };
}

export const wholeSeconds = numberOption(1, 'a whole number of seconds');

export function projectOf({ project }: SharedOptions): { projectDir: string | undefined } {
  return { projectDir: project };
}
