import { completionOf, type SessionNames } from './completion.ts';
import { COMPLETION_SCRIPTS } from './completion-scripts.ts';

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
  if (argv.length === 1 && (name === '--version' || name === '-V')) return `${__VERSION__}\n`;
  if (argv.length === 2 && name === 'completion') return scriptOf(words[0] ?? '');
  if (name !== '__complete') return undefined;
  const { completionWords } = await import('./completion-words.ts');
  const typed = words[0] === '--' ? words.slice(1) : words;
  // A shell cannot show an error at a Tab.
  return await completionOf(typed, completionWords(), sessionNames).catch(() => '');
}

function scriptOf(shell: string): string | undefined {
  return Object.hasOwn(COMPLETION_SCRIPTS, shell) ? COMPLETION_SCRIPTS[shell] : undefined;
}
