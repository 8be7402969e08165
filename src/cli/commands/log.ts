import { type Command, InvalidArgumentError } from 'commander';
import { isStuck } from '../../actions/worker-now.ts';
import { stampsAt } from '../../base/stamps.ts';
import { type Cli, UsageError } from '../cli.ts';
import { type Followed, looksAt } from '../follow.ts';
import { stuckWords } from '../session-facts.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../shared-options.ts';
import { showTranscript } from '../show-transcript.ts';
import { harmless } from '../style.ts';

interface LogOptions extends SharedOptions {
  follow?: true;
  lines: number;
  iteration?: number;
}

export function addLog(program: Command, cli: Cli): void {
  withSharedOptions(program.command('log <session>'))
    .description('what the worker did, one line each')
    .option('-f, --follow', 'go on until the session needs you or is over')
    .option('-n, --lines <number>', 'how many of the last lines', wholeNumber, 40)
    .option('--iteration <number>', 'instead: what the child of this iteration said and did', wholeNumber)
    .action((session: string, options: LogOptions) => showLog(cli, session, options));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

async function showLog(cli: Cli, session: string, options: LogOptions): Promise<void> {
  if (options.follow && cli.output.json) throw new FollowedJsonError();
  const { iteration, follow = false } = options;
  if (iteration !== undefined) {
    await showTranscript(cli, { session, ...projectOf(options), iteration, follow });
    return;
  }
  const { readLogTail } = await import('../../actions/read-log.ts');
  const question = { session, ...projectOf(options) };
  const { view, path, lines, isCut } = await readLogTail(
    { ...question, lines: options.lines },
    await cli.actionContext(),
  );
  cli.output.result({ session: view.folder, path, lines, isCut }, () =>
    lines.length > 0 ? lines.map(harmless).join('\n') : `Nothing stands in ${path} so far.`,
  );
  if (!follow) return;
  await followLog(cli, {
    session: view.folder,
    projectDir: options.project,
    cursor: lastEvent(lines) ?? view.state.n,
  });
}

class FollowedJsonError extends UsageError {
  constructor() {
    super(
      '--follow and --json do not go together.',
      'A log that is followed has no end that one object could hold.',
      'Leave one of them out; "samocode run --json" waits and gives one object.',
    );
  }
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
