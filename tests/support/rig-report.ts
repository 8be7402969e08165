import { readFile } from 'node:fs/promises';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import type { SessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';

/** The error of a failed wait: the state of the session, its events, and what its worker could not record. */
export async function report(view: SessionView | undefined, paths: SessionPaths): Promise<string> {
  const events = (await readEvents(paths, 0)).slice(-25);
  const lines = events.map(({ at, lease: _lease, v: _v, ...event }) => JSON.stringify(event).slice(0, 400));
  const status = JSON.stringify(view?.state.status ?? null);
  const errors = await readFile(paths.workerErrors, 'utf8').catch(() => '');
  const head = `Status: ${status}, worker: ${view?.worker}, ${view?.problems.join(' ')}`;
  return [head, ...lines, errors.slice(-4000)].join('\n');
}
