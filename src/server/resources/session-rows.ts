import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Resource } from '@modelcontextprotocol/sdk/types.js';
import type { ActionContext } from '../../actions/acting/context.ts';
import { everySession, type PlacedSession } from '../../actions/places/every-session.ts';
import { isoUtc } from '../../base/clock.ts';
import { statsAt } from '../../base/files/look-at.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionFacts } from '../../session/facts.ts';
import { needsHuman } from '../../session/session-list.ts';
import { statusSentence } from '../../session/words.ts';
import { RESOURCE_KINDS } from './kinds.ts';
import { resourceUri } from './resource-uri.ts';

/** The newest of so many are shown; nobody reads on. */
const MAX_ROWS = 500;

/** `samocode://sessions`: every session of this machine's projects, as JSON. */
export async function sessionsText(context: ActionContext): Promise<string> {
  const sessions = await everySession(context);
  const rows = sessions.slice(0, MAX_ROWS).map(rowOf);
  const leftOut = sessions.length - rows.length;
  return `${JSON.stringify({ sessions: rows, ...(leftOut > 0 && { left_out: leftOut }) }, null, 1)}\n`;
}

function rowOf(placed: PlacedSession) {
  const { session, state, for: waitsFor, phase, since, ...facts } = sessionFacts(placed.view);
  return {
    ...{ session, project: dirname(placed.place.filePath), state, for: waitsFor },
    needs_human: facts.needsHuman || undefined,
    ...{ phase, iteration: facts.totalIterations, since, cursor: placed.view.state.n },
    overview: overviewUri(placed),
  };
}

/** The sessions in which something goes on, or waits for the user. */
export async function liveSessions(context: ActionContext): Promise<PlacedSession[]> {
  return (await everySession(context)).filter(({ view }) => isLive(view));
}

/** True while something goes on or waits for the user; the others are reached by name. */
export function isLive({ state }: SessionView): boolean {
  const { kind } = state.status;
  return !state.archived && kind !== 'done' && kind !== 'stopped';
}

/** A session as the list of resources has it: by its overview. */
export function overviewResource(session: PlacedSession): Resource {
  const { view } = session;
  return {
    uri: overviewUri(session),
    name: view.folder,
    title: `${RESOURCE_KINDS.overview.title}: ${view.folder}`,
    description: statusSentence(view),
    mimeType: RESOURCE_KINDS.overview.mimeType,
    ...fileFacts(view),
  };
}

/** Of those that wait for a person; clients show what matters first. */
const URGENT = 0.95;

function fileFacts(view: SessionView): Pick<Resource, 'annotations' | 'size'> {
  const { annotations } = RESOURCE_KINDS.overview;
  const priority = needsHuman(view) ? URGENT : annotations.priority;
  const file = overviewFile(view);
  return {
    annotations: { ...annotations, priority, ...(file && { lastModified: isoUtc(file.mtimeMs) }) },
    ...(file && { size: file.size }),
  };
}

function overviewFile({ paths }: SessionView): Stats | undefined {
  try {
    const stats = statsAt(paths.overview);
    return stats?.isFile() ? stats : undefined;
  } catch {
    // Its folder may be closed to us; the session is listed all the same.
    return undefined;
  }
}

function overviewUri({ view, place, isShadowed }: PlacedSession): string {
  return resourceUri('overview', view.folder, isShadowed ? place.filePath : undefined);
}
