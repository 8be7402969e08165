import { type Command, Option } from 'commander';
import type { Cli } from './cli.ts';

/** Options that every command takes. */
export interface SharedOptions {
  /** A folder in the project, or its `.samocode`. */
  project?: string;
}

/** How one command is added to the program. */
export type AddCommand = (program: Command, cli: Cli) => void;

/** Adds the options that every command takes; `--json` and `--no-color` are read by `main.ts`. */
export function withSharedOptions(command: Command): Command {
  return command
    .option(
      '-C, --project <folder>',
      'a folder of the project, or its .samocode (default: the current folder)',
    )
    .addOption(new Option('--json', 'print one JSON object for programs'))
    .addOption(new Option('--no-color', 'print without colour, like NO_COLOR'));
}

/** For a command whose text may be long; read by `main.ts`. */
export function withPager(command: Command): Command {
  return command.addOption(new Option('--no-pager', 'print everything at once instead of through $PAGER'));
}

/** The project option as the use cases take it. */
export function projectOf({ project }: SharedOptions): { projectDir: string | undefined } {
  return { projectDir: project };
}
