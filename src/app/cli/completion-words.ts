import type { Argument, Command, Option } from 'commander';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { visibleIn } from './program.ts';
import { makeProgram } from './whole-program.ts';

export interface CommandWords {
  name: string;
  description: string;
  options: OptionWords[];
  arguments: { name: string; variadic: boolean; choices: readonly string[] }[];
}

export interface OptionWords {
  long: string;
  short: string;
  description: string;
  hidden: boolean;
  takesValue: boolean;
  choices: readonly string[];
}

/**
 * Lists what a completion can offer: the program itself, then its commands. The build puts the result in place of this
 * module, so that a Tab loads no command.
 */
export function completionWords(): CommandWords[] {
  // Adding a command reads nothing from the terminal but its width; only running it does.
  const program = makeProgram({ output: { columns: 80 } } as Cli);
  return [program, ...visibleIn(program)].map((command) => ({
    name: command.name(),
    description: command.description(),
    options: optionsWithHelp(command).map(wordsOfOption),
    arguments: command.registeredArguments.map(wordsOfArgument),
  }));
}

/** The option for the help is among the visible ones alone. */
function optionsWithHelp(command: Command): readonly Option[] {
  return [...new Set([...command.createHelp().visibleOptions(command), ...command.options])];
}

function wordsOfOption(option: Option): OptionWords {
  const { long = '', short = '', description, hidden, required, optional, argChoices = [] } = option;
  return { long, short, description, hidden, takesValue: required || optional, choices: argChoices };
}

function wordsOfArgument(argument: Argument) {
  return { name: argument.name(), variadic: argument.variadic, choices: argument.argChoices ?? [] };
}
