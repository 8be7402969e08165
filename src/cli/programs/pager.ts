import { runAtTerminal } from '../../base/processes/run-at-terminal.ts';
import { columnsOf } from '../rendering/columns.ts';
import type { Cli } from '../terminal/cli.ts';

type Env = Cli['env'];
type Lines = Iterable<string> | AsyncIterable<string>;

/**
 * The person's pager, by git's rules: the variable for this program, then everybody's, then less. Undefined where it is
 * switched off (empty, or `cat`) or the terminal shows only lines.
 */
export function pagerOf({ SAMOCODE_PAGER, PAGER, TERM }: Env): string | undefined {
  const pager = (SAMOCODE_PAGER ?? PAGER ?? 'less').trim();
  return pager === '' || pager === 'cat' || TERM === 'dumb' ? undefined : pager;
}

/** The command's result, as `Output.result`; words that do not fit on the terminal go through the pager. */
export async function pagedResult<T extends object>(
  cli: Cli,
  value: T,
  words: (value: T) => string,
): Promise<void> {
  if (cli.output.json) cli.output.result(value, words);
  else await showLines(cli, words(value).split('\n'));
}

/** Shows lines as they come: plainly where they fit or go elsewhere than to a terminal, else through the pager. */
export async function showLines(cli: Cli, lines: Lines): Promise<void> {
  const { output, env } = cli;
  const left = generated(lines);
  const pager = output.isLive && cli.noPager !== true ? pagerOf(env) : undefined;
  if (pager === undefined) return await sayAll(output, left);
  const { first, isWhole } = await screenful(left, output);
  if (isWhole) return await sayAll(output, generated(first));
  output.endLive();
  await runAtTerminal({
    // Where the shell does not find the pager, nothing of the text has been read.
    command: `${pager}\ncase $? in 126|127) cat;; esac`,
    // With git's values where the person has chosen none: end with a short text, and leave it on the screen.
    env: { ...env, LESS: env.LESS ?? 'FRX', LV: env.LV ?? '-c' },
    input: printable(first, left, output),
  });
}

async function sayAll(output: Cli['output'], lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) output.say(line);
}

/** The first lines, until they fill the terminal with the prompt below them. */
async function screenful(left: AsyncGenerator<string>, { columns, rows }: Cli['output']) {
  const first: string[] = [];
  for (let used = 0; used < rows; ) {
    const { value, done } = await left.next();
    if (done) return { first, isWhole: true };
    first.push(value);
    for (const line of value.split('\n')) used += Math.max(1, Math.ceil(columnsOf(line) / columns));
  }
  return { first, isWhole: false };
}

async function* printable(first: readonly string[], left: AsyncGenerator<string>, output: Cli['output']) {
  for (const line of first) yield `${output.presented(line)}\n`;
  for await (const line of left) yield `${output.presented(line)}\n`;
}

async function* generated(lines: Lines): AsyncGenerator<string> {
  yield* lines;
}
