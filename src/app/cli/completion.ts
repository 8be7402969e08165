import { COMPLETION_SCRIPTS } from './completion-scripts.ts';
import type { CommandWords, OptionWords } from './completion-words.ts';

type Candidate = readonly [word: string, description: string];
/** Names the sessions of a project that are archived, or those that are not. */
export type SessionNames = (project: string | undefined, archived: boolean) => Promise<string[]>;

/**
 * Answers what needs no command: the version, the script of a shell, and the completions that it asks for at each Tab
 * with the words up to the cursor.
 * @returns undefined for every other command line
 */
export async function answerAtOnce(
  argv: readonly string[],
  sessionNames: SessionNames,
): Promise<string | undefined> {
  const [name = '', ...words] = argv;
  if (argv.length === 1 && VERSION.includes(name)) return `${__VERSION__}\n`;
  if (argv.length === 2 && name === 'completion') return scriptOf(words[0] ?? '');
  if (name !== '__complete') return undefined;
  const { completionWords } = await import('./completion-words.ts');
  const typed = words[0] === '--' ? words.slice(1) : words;
  // A shell cannot show an error at a Tab.
  return await completionOf(typed, completionWords(), sessionNames).catch(() => '');
}

/** The last two are what strangers type. */
const VERSION = ['--version', '-V', '-v', 'version'];

function scriptOf(shell: string): string | undefined {
  return Object.hasOwn(COMPLETION_SCRIPTS, shell) ? COMPLETION_SCRIPTS[shell] : undefined;
}

/** The completions of the last of these words, which follow `samocode`, a line each. */
async function completionOf(
  words: readonly string[],
  commands: readonly CommandWords[],
  sessionNames: SessionNames,
): Promise<string> {
  const found = await candidates(words, commands, sessionNames);
  const current = words.at(-1) ?? '';
  return found
    .filter(([word]) => word.startsWith(current))
    .map((each) => `${each.join('\t')}\n`)
    .join('');
}

/** The first command is the program itself. */
async function candidates(
  [name = '', ...rest]: readonly string[],
  [program, ...commands]: readonly CommandWords[],
  sessionNames: SessionNames,
): Promise<Candidate[]> {
  const names = commands.map((command) => [command.name, command.description] as const);
  if (rest.length === 0) return name.startsWith('-') ? optionsOf(program) : names;
  if (name === 'help') return names;
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return [];
  const { wanted, project, typed } = readBefore(command, rest.slice(0, -1));
  if (wanted) return withoutDescription(wanted.choices);
  if (rest.at(-1)?.startsWith('-')) return optionsOf(command);
  const argument = command.arguments.at(typed) ?? command.arguments.findLast((each) => each.variadic);
  if (argument && argument.choices.length > 0) return withoutDescription(argument.choices);
  if (!argument?.name.startsWith('session')) return [];
  return withoutDescription(await sessionNames(project, name === 'unarchive'));
}

function withoutDescription(words: readonly string[]): Candidate[] {
  return words.map((word) => [word, '']);
}

function optionsOf(command: CommandWords | undefined): Candidate[] {
  const visible = command?.options.filter(({ hidden }) => !hidden) ?? [];
  return visible.map(({ long, short, description }) => [long || short, description]);
}

/** Reads from the words after a command's name how the next word is to be completed. */
function readBefore(command: CommandWords, words: readonly string[]) {
  let wanted: OptionWords | undefined;
  let project: string | undefined;
  let typed = 0;
  for (const word of words) {
    if (wanted) {
      if (wanted.long === '--project') project = word;
      wanted = undefined;
    } else if (word.startsWith('-'))
      wanted = command.options.find(
        ({ long, short, takesValue }) => takesValue && (word === long || word === short),
      );
    else typed += 1;
  }
  return { wanted, project, typed };
}
