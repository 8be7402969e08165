import { type Command, InvalidArgumentError } from 'commander';
import type { TranscriptPage } from '../../actions/reading/read-transcript.ts';
import { isStuck } from '../../actions/reading/worker-now.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { type Followed, looksAt } from '../following/follow.ts';
import { stuckWords } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { harmless } from '../terminal/style.ts';

interface LogOptions extends SharedOptions {
  follow?: true;
  lines: number;
  iteration?: number;
}

export function addLog(program: Command, cli: Cli): void {
  withSharedOptions(program.command('log <session>'))
    .description('show what the worker did, one line each')
    .option('-f, --follow', 'keep following until the session needs you or ends')
    .option('-n, --lines <number>', 'how many lines to show from the end', wholeNumber, 40)
    .option('--iteration <number>', 'show what the agent of this iteration said and did instead', wholeNumber)
    .action((session: string, options: LogOptions) => showLog(cli, session, options));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}

async function showLog(cli: Cli, session: string, options: LogOptions): Promise<void> {
  if (options.follow && cli.output.json) {
    throw CLI_ERRORS.usage({
      why: '--follow and --json exclude each other: a followed log does not end, so no single object can hold it.',
      hint: 'Leave one of them out; "samocode run --json" waits and prints one object.',
    });
  }
  const { iteration, follow = false } = options;
  if (iteration !== undefined) {
    await showTranscript(cli, { session, ...projectOf(options), iteration, follow });
    return;
  }
  const { readLogTail } = await import('../../actions/reading/read-log.ts');
  const question = { session, ...projectOf(options) };
  const { view, path, lines, isCut } = await readLogTail(
    { ...question, lines: options.lines },
    await cli.actionContext(),
  );
  cli.output.result({ session: view.folder, path, lines, isCut }, () =>
    lines.length > 0 ? lines.map(harmless).join('\n') : `${path} has no lines yet.`,
  );
  if (!follow) return;
  await followLog(cli, {
    session: view.folder,
    projectDir: options.project,
    cursor: lastEvent(lines) ?? view.state.n,
  });
}

/** The number of the event that the last line tells of. */
function lastEvent(lines: readonly string[]): number | undefined {
  const number = /\(#(\d+)\)$/.exec(lines.at(-1) ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

const LOOK_MS = 5000;

async function followLog(cli: Cli, followed: Followed): Promise<void> {
  for await (const result of looksAt(cli, followed, LOOK_MS)) {
    const { happened, view } = result;
    for (const { at, text, n } of happened)
      cli.output.say(harmless(`[${stampsAt(Date.parse(at)).log}] ${text} (#${n})`));
    if (isStuck(view, result)) cli.output.say(stuckWords(view, result));
  }
}

const TRANSCRIPT_LOOK_MS = 1000;

interface TranscriptWish {
  session: string;
  projectDir: string | undefined;
  iteration: number;
  /** Goes on until the child has ended. */
  follow: boolean;
}

/** Prints what the child of one iteration said and did, page by page; with `--json` the whole as one object. */
async function showTranscript(cli: Cli, { follow, ...question }: TranscriptWish): Promise<void> {
  const { readTranscript } = await import('../../actions/reading/read-transcript.ts');
  const context = await cli.actionContext();
  const entries: TranscriptPage['entries'] = [];
  let page = await readTranscript(question, context);
  if (!cli.output.json) cli.output.say(headOf(page, cli));
  for (;;) {
    if (cli.output.json) entries.push(...page.entries);
    else for (const line of page.lines) cli.output.say(harmless(line));
    if (!page.hasMore) {
      if (!page.isRunning || !follow) break;
      await context.clock.sleep(TRANSCRIPT_LOOK_MS, cli.interrupted);
    }
    page = await readTranscript({ ...question, from: page.next }, context);
  }
  const { view, iteration, phase, provider, logPath, isRunning } = page;
  if (cli.output.json) {
    const result = { session: view.folder, iteration, phase, provider, path: logPath, entries, isRunning };
    cli.output.result(result, () => '');
  } else if (isRunning)
    cli.output.say(cli.output.style.dim('It is still running; to follow it, add --follow.'));
}

function headOf({ iteration, phase, provider, logPath }: TranscriptPage, { output }: Cli): string {
  const { bold, dim } = output.style;
  return `${bold(`iteration ${iteration}, ${phase}, ${provider}`)}  ${dim(harmless(logPath))}`;
}
