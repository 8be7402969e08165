import { readEvents } from '../../src/session/event-log.ts';
import type { SessionPaths } from '../../src/session/paths.ts';
import type { SessionView } from '../../src/session/status.ts';

/** Nothing moves any more without a person: waiting longer would only cost time. */
export function isAtRest({ state, pendingCommands }: SessionView): boolean {
  const { status, openIteration } = state;
  const rests = status.kind === 'blocked' || status.kind === 'done' || status.kind === 'stopped';
  return rests && openIteration === undefined && pendingCommands.length === 0;
}

/** What a failed wait says: where the session stands and how it came there. */
export async function report(view: SessionView | undefined, paths: SessionPaths): Promise<string> {
  const events = (await readEvents(paths.events, 0)).slice(-25);
  const lines = events.map(({ at, lease: _lease, v: _v, ...event }) => JSON.stringify(event).slice(0, 400));
  const status = JSON.stringify(view?.state.status ?? null);
  return [`Status: ${status}, worker: ${view?.worker}, ${view?.problems.join(' ')}`, ...lines].join('\n');
}
