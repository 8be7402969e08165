import type { SessionReport } from '../../caller/facts/get-status.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { needsRescue } from '../../caller/facts/worker-now.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import type { FollowProgress, ProgressView } from '../../faces/terminal/progress-view.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { ReportedEvent, WaitResult } from './wait-for-change.act.ts';

export interface Followed {
  session: string;
  projectDir: string | undefined;
  /** What is already shown. */
  cursor: string;
  /** Texts of the first events that are already shown. */
  told?: readonly string[];
  /** Begins with what a person may not know when they join: whether the machine stays awake. */
  isHead?: boolean;
}

/** The poll interval for the agent's activity; changes of state are shown at once. */
const POLL_MS = 1000;

/** Not shown when they happen, because the caller shows them at the end. */
const SHOWN_AT_END: ReadonlySet<EventType> = new Set(['parked', 'done']);

const RESTING: ReadonlySet<string> = new Set(['waiting', 'blocked', 'stopped', 'done']);

const isResting = (result: WaitResult) =>
  RESTING.has(result.view.state.status.kind) || needsRescue(result.view, result);

/**
 * Yields the session's state at each poll, and ends once the session is at rest or cannot continue without a person.
 * @throws the abort reason on Ctrl-C
 */
export async function* pollSession(cli: Cli, followed: Followed, pollMs: number): AsyncGenerator<WaitResult> {
  const { waitForAny } = await import('./wait-for-change.act.ts');
  const context = await cli.actionContext();
  const { interrupted: signal } = cli;
  for (let { cursor } = followed; ; ) {
    const asked = { sessions: [followed.session], cursor, projectDir: followed.projectDir };
    const result = await waitForAny({ ...asked, until: 'change', timeoutMs: pollMs, signal }, context);
    cursor = result.cursor;
    yield result;
    if (isResting(result)) return;
  }
}

/**
 * Shows a session's progress until it waits for a person or has ended.
 * @throws the abort reason on Ctrl-C; the session's worker continues
 */
export async function followSession(
  cli: Cli,
  followed: Followed,
  progress: ProgressView,
): Promise<WaitResult> {
  let last: WaitResult | undefined;
  for await (const result of pollSession(cli, followed, POLL_MS)) {
    if (last === undefined && followed.isHead) noteHead(progress, result);
    const told = last === undefined ? followed.told : undefined;
    for (const event of result.happened)
      if (!told?.includes(event.text)) noteEvent(progress, cli, event, result);
    last = result;
    if (!isResting(result)) progress.show(progressOf(result));
  }
  progress.pause();
  if (!last) throw new Error(`${followed.session} was never read.`);
  return last;
}

function noteHead(progress: ProgressView, result: WaitResult): void {
  const { sleep } = result.view.state;
  const isNews = result.happened.some(({ text }) => text === sleep?.text);
  if (sleep !== undefined && !isNews && !isResting(result)) progress.note(sleep.text);
}

function noteEvent(
  progress: ProgressView,
  { output }: Cli,
  { type, text }: ReportedEvent,
  { view }: WaitResult,
): void {
  if (SHOWN_AT_END.has(type)) return;
  const last = view.state.lastIteration;
  const isLast = type === 'iteration_ended' && last && text.startsWith(`iteration ${last.iteration} `);
  if (!isLast || last.ending !== 'signalled') progress.note(fitLine(text, 400));
  else progress.note(`${output.style.good('✔')} ${last.phase}: ${fitLine(last.lastAction ?? 'ended', 300)}`);
}

function progressOf(report: SessionReport): FollowProgress {
  const facts = sessionFacts(report.view, report);
  return {
    session: facts.session,
    phase: report.view.state.progress.phase,
    way: report.view.state.progress.way,
    iteration: report.view.state.openIteration?.iteration,
    state: facts.state,
    doing: facts.activity ?? facts.says?.reason,
  };
}
