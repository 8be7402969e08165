import type { Command } from 'commander';
import { cursorOf } from '../../caller/facts/cursor.ts';
import { stuckText } from '../../caller/facts/session-facts.ts';
import { needsRescue } from '../../caller/facts/worker-now.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { pagedResult, showLines } from '../../faces/terminal/pager.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withPager,
  withSharedOptions,
} from '../../faces/terminal/shared-options.ts';
import { harmless } from '../../faces/terminal/style.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { type Followed, pollSession } from './follow.ts';
import type { TranscriptPage } from './read-transcript.act.ts';

interface LogOptions extends SharedOptions {
  follow?: true;
  lines: number;
  iteration?: number;
}

export function addLog(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('log <session>')))
    .description('Show what the worker did, or what an agent said')
    .option('-f, --follow', 'keep following until the session needs you or ends')
    .option('-n, --lines <number>', 'how many lines to show from the end', numberOption(1), 40)
    .option(
      '--iteration <number>',
      'show what the agent of this iteration said and did instead',
      numberOption(1),
    )
    .action(async (session: string, options: LogOptions) => {
      if (options.follow && cli.output.json) {
        throw CLI_ERRORS.usage({
          why: '--follow and --json exclude each other: a followed log does not end, so it cannot be one object.',
          hint: 'Leave one of them out; "samocode run --json" waits and prints one object.',
        });
      }
      const { iteration, follow = false } = options;
      if (iteration !== undefined) {
        await showTranscript(cli, { session, ...projectOf(options), iteration, follow });
        return;
      }
      const { readLogTail } = await import('./read-log.act.ts');
      const question = { session, ...projectOf(options) };
      const { view, path, lines, isCut } = await readLogTail(
        { ...question, lines: options.lines },
        await cli.actionContext(),
      );
      const words = () => (lines.length > 0 ? lines.map(harmless).join('\n') : `${path} has no lines yet.`);
      if (!follow) return await pagedResult(cli, { session: view.folder, path, lines, isCut }, words);
      cli.output.say(words());
      await followLog(cli, {
        session: view.folder,
        projectDir: options.project,
        cursor: lastEvent(lines) ?? cursorOf(view.state),
      });
    });
}

/** The number of the event that the last line describes. */
function lastEvent(lines: readonly string[]): string | undefined {
  return /\(#(\d+)\)$/.exec(lines.at(-1) ?? '')?.[1];
}

const POLL_MS = 5000;

async function followLog(cli: Cli, followed: Followed): Promise<void> {
  for await (const result of pollSession(cli, followed, POLL_MS)) {
    const { happened, view } = result;
    for (const { at, text, n } of happened)
      cli.output.say(harmless(`[${stampsAt(Date.parse(at)).log}] ${text} (#${n})`));
    if (needsRescue(view, result)) cli.output.say(stuckText(result));
  }
}

const TRANSCRIPT_POLL_MS = 1000;

interface TranscriptRequest {
  session: string;
  projectDir: string | undefined;
  iteration: number;
  /** Continue until the agent has ended. */
  follow: boolean;
}

/** Streams the messages and acts of one iteration's agent; with `--json`, prints it as one object. */
async function showTranscript(cli: Cli, request: TranscriptRequest): Promise<void> {
  const { output } = cli;
  if (request.follow) for await (const line of transcriptLines(cli, request)) output.say(line);
  else if (!output.json) await showLines(cli, transcriptLines(cli, request));
  else {
    const entries: TranscriptPage['entries'] = [];
    let last: TranscriptPage | undefined;
    for await (const page of transcriptPages(cli, request)) {
      entries.push(...page.entries);
      last = page;
    }
    if (last === undefined) return;
    const { view, iteration, phase, provider, logPath, isRunning, ranOn } = last;
    const result = {
      session: view.folder,
      iteration,
      phase,
      provider,
      path: logPath,
      entries,
      isRunning,
      ranOn,
    };
    output.result(result, () => '');
  }
}

async function* transcriptLines(cli: Cli, request: TranscriptRequest): AsyncGenerator<string> {
  let last: TranscriptPage | undefined;
  for await (const page of transcriptPages(cli, request)) {
    if (last === undefined) yield headOf(page, cli);
    for (const line of page.lines) yield harmless(line);
    last = page;
  }
  if (last?.isRunning) yield cli.output.style.dim('It is still running; to follow it, add --follow.');
}

async function* transcriptPages(
  cli: Cli,
  { follow, ...question }: TranscriptRequest,
): AsyncGenerator<TranscriptPage> {
  const { readTranscript } = await import('./read-transcript.act.ts');
  const context = await cli.actionContext();
  for (let from: number | undefined; ; ) {
    const page = await readTranscript({ ...question, from }, context);
    yield page;
    from = page.next;
    if (page.hasMore) continue;
    if (!page.isRunning || !follow) return;
    await context.clock.sleep(TRANSCRIPT_POLL_MS, cli.interrupted);
  }
}

function headOf({ iteration, phase, provider, logPath, ranOn }: TranscriptPage, { output }: Cli): string {
  const { bold, dim } = output.style;
  const elsewhere =
    ranOn &&
    `\n${dim(harmless(`It ran on ${ranOn}, which has the whole log; at most its newest 256 kB are here.`))}`;
  return `${bold(`iteration ${iteration}, ${phase}, ${provider}`)}  ${dim(harmless(logPath))}${elsewhere ?? ''}`;
}
