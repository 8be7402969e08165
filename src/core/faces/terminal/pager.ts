import { runAtTerminal } from '../../kernel/processes/run-at-terminal.ts';
import type { Cli } from './cli.ts';
import { columnsOf } from './columns.ts';

type Env = Cli['env'];
type Lines = Iterable<string> | AsyncIterable<string>;

/**
 * The user's pager, chosen by git's rules: SAMOCODE_PAGER, then PAGER, then less. Undefined if it is switched
 * off (empty or `cat`) or the terminal is dumb.
 */
export function pagerOf({ SAMOCODE_PAGER, PAGER, TERM }: Env): string | undefined {
  const pager = (SAMOCODE_PAGER ?? PAGER ?? 'less').trim();
  return pager === '' || pager === 'cat' || TERM === 'dumb' ? undefined : pager;
}

/** Like `Output.result`; text that does not fit on the terminal goes through the pager. */
export async function pagedResult<T extends object>(
  cli: Cli,
  value: T,
  format: (value: T) => string,
): Promise<void> {
  if (cli.output.json) cli.output.result(value, format);
  else await showLines(cli, format(value).split('\n'));
}

/** Prints lines as they arrive: directly if they fit or stdout is not a terminal, otherwise through the pager. */
export async function showLines(cli: Cli, lines: Lines): Promise<void> {
  const { output, env } = cli;
  const remaining = asGenerator(lines);
  const pager = output.isLive && cli.noPager !== true ? pagerOf(env) : undefined;
  if (pager === undefined) return await printAll(output, remaining);
  const { first, isWhole } = await screenful(remaining, output);
  if (isWhole) return await printAll(output, asGenerator(first));
  output.endLive();
  await runAtTerminal({
    cwd: '/',
    // If the shell cannot run the pager, none of the input has been read yet.
    command: `${pager}\ncase $? in 126|127) cat;; esac`,
    // Git's defaults: quit if the text fits on one screen, and do not clear it.
    env: { ...env, LESS: env.LESS ?? 'FRX', LV: env.LV ?? '-c' },
    input: printable([...howToLeave(pager, output), ...first], remaining, output),
  });
}

/** Said above the text by pagers that say nothing of it themselves. */
function howToLeave(pager: string, { style }: Cli['output']): string[] {
  return /^(?:\S*\/)?(?:less|more)(?=\s|$)/.test(pager) ? [style.dim('q closes this.')] : [];
}

async function printAll(output: Cli['output'], lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) output.say(line);
}

/** Reads lines until they and the prompt below them fill the terminal. */
async function screenful(remaining: AsyncGenerator<string>, { columns, rows }: Cli['output']) {
  const first: string[] = [];
  for (let used = 0; used < rows; ) {
    const { value, done } = await remaining.next();
    if (done) return { first, isWhole: true };
    first.push(value);
    for (const line of value.split('\n')) used += Math.max(1, Math.ceil(columnsOf(line) / columns));
  }
  return { first, isWhole: false };
}

async function* printable(
  first: readonly string[],
  remaining: AsyncGenerator<string>,
  output: Cli['output'],
) {
  for (const line of first) yield `${output.presented(line)}\n`;
  for await (const line of remaining) yield `${output.presented(line)}\n`;
}

async function* asGenerator(lines: Lines): AsyncGenerator<string> {
  yield* lines;
}
