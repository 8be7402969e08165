import type { Command, CommanderError } from 'commander';
import type { SamocodeError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { capitalised } from '../base/plain-words.ts';
import { SETTING_ERRORS } from '../project/settings/setting-errors.ts';
import { CLI_ERRORS } from './terminal/cli-errors.ts';

/** What commander found wrong with a command line, and what may have been meant. */
export function fromCommander(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): SamocodeError {
  const [problem = '', suggestion = ''] = wordsOf(error, argv).split('\n');
  const hint = meantName(error, program, argv) ?? suggestion.replace(/^\((.*)\)$/, '$1');
  return CLI_ERRORS.usage({
    why: `${capitalised(problem.replace(/\.$/, ''))}.`,
    hint: hint || hintFor(error, program, argv),
  });
}

/** `help` of a command that there is not fails without a word about it. */
function wordsOf({ code, message }: CommanderError, argv: readonly string[]): string {
  return code === 'commander.help' ? `unknown command '${argv.at(-1)}'` : message.replace(/^error: /, '');
}

/** The commands or options that begin like what was typed, else the nearest command. */
function meantName({ code }: CommanderError, program: Command, argv: readonly string[]): string | undefined {
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  if (code === 'commander.unknownOption') {
    const command = program.commands.find((each) => each.name() === argv[0]);
    const options = (command?.options ?? []).flatMap(({ long }) => long ?? []);
    const typed = argv.find((word) => word.startsWith('--') && !options.includes(word.split('=')[0] ?? ''));
    return typed === undefined ? undefined : didYouMean(options.filter((option) => option.startsWith(typed)));
  }
  if (code !== 'commander.unknownCommand' && code !== 'commander.help') return undefined;
  const typed = (code === 'commander.help' ? argv.at(-1) : argv.find((word) => !word.startsWith('-'))) ?? '';
  const begun = names.filter((name) => name.startsWith(typed));
  const nearest = nearestName(typed, names);
  return didYouMean(begun.length > 0 ? begun : nearest === undefined ? [] : [nearest]);
}

function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${names.join(', or ')}?`;
}

/** What may be meant, where the problem alone does not say it. */
function hintFor({ code }: CommanderError, program: Command, argv: readonly string[]): string {
  const names = program.commands.map((command) => command.name());
  const [first = ''] = argv;
  // Only the original form has options that it can't do without.
  if (code === 'commander.missingMandatoryOptionValue')
    return 'To start a session: samocode run --task "…"; the original form needs --config and --session.';
  const named = argv.find((word) => names.includes(word));
  if (named !== undefined && first.startsWith('-'))
    return `Options go after the command: samocode ${named} ${first} …`;
  if (code === 'commander.excessArguments' && (named === 'start' || named === 'run'))
    return `A task goes after --task, in quotation marks: samocode ${named} --task "…"`;
  return named === undefined ? SEE_HELP : `See "samocode ${named} --help".`;
}

const SEE_HELP = 'See "samocode --help", or "samocode <command> --help".';

/** A setting that the command line gave, in the words of its option; other errors are as they were. */
export function inOptionWords(error: unknown): unknown {
  if (!SETTING_ERRORS.setting_invalid.is(error) || error.args.ofCall === undefined) return error;
  const { form, shown, problem, ofCall } = error.args;
  const { key, meant, example } = ofCall;
  const option = optionOf(key);
  const instead = meant ?? example;
  return CLI_ERRORS.usage({
    why: problem
      ? `${option} cannot be used. ${problem}: ${shown}.`
      : `${option} must be ${form}, and it is ${shown}.`,
    hint:
      instead === undefined
        ? SEE_HELP
        : `${meant ? 'Did you mean' : 'For example'} ${option}${option.endsWith('=') ? '' : ' '}${instead}${meant ? '?' : '.'}`,
  });
}

/** `--max-cost-usd` for MAX_COST_USD; `--providers quality=` for PROVIDER_QUALITY. */
function optionOf(key: string): string {
  const [, family, phase = ''] = /^(PROVIDER|MODEL)_([A-Z]+)$/.exec(key) ?? [];
  if (family !== undefined) return `--${family.toLowerCase()}s ${phase.toLowerCase()}=`;
  return `--${key.toLowerCase().replaceAll('_', '-')}`;
}
