import { crashPoint } from '../../base/fault-points.ts';
import { appendLines, ensurePlainFolder } from '../../base/files/append-lines.ts';
import { changeFile } from '../../base/files/change-file.ts';
import { documentText } from '../../session/documents/document-text.ts';
import { flowKey } from '../../session/documents/overview-task.ts';
import { readEvents, readLog } from '../../session/events/event-log.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import {
  countFlow,
  KEPT_FLOW_ENTRIES,
  MOST_FLOW_ENTRIES,
  missingEntries,
  type OldEntry,
  withoutOldFlow,
} from '../../session/legacy/old-flow.ts';
import { readOwnOverview } from './own-documents.ts';
import { flowLinesOf } from './project-event.ts';

/** A shorter overview can't hold so many entries; most need not even be counted. */
const SHORT_CHARS = 4 * MOST_FLOW_ENTRIES;
/** Events whose lines are looked for first: more than any overview of ours holds. */
const NEWEST_EVENTS = 4096;

/**
 * Keeps the overview at a length that a child can read, however long a session lasts: old entries of its flow
 * log go to a file of their own, as far as the events hold them. To be called while no child runs. A crash in
 * between leaves them in both places, and the next call takes them out of the overview.
 */
export async function putAwayOldFlow(paths: SessionPaths, from: FlowSource): Promise<void> {
  // A nicety: what could not be put away now goes with the next iteration.
  await putAway(paths, from).catch(() => undefined);
}

interface FlowSource {
  /** Number of the newest event. */
  n: number;
  /** Looks for the entries in every event, not in the newest alone. */
  all: boolean;
}

async function putAway(paths: SessionPaths, { n, all }: FlowSource): Promise<void> {
  const text = await readOwnOverview(paths);
  if (text === undefined || text.length < SHORT_CHARS || countFlow(text) <= MOST_FLOW_ENTRIES) return;
  const recorded = new Set<string>();
  const onEvent = (event: SessionEvent) => {
    for (const line of flowLinesOf(event)) recorded.add(flowKey(line));
  };
  // One after the other: a long log as a whole would take a memory that is not given back.
  if (all) await readLog(paths, { useCache: false, onEvent });
  else for (const event of await readEvents(paths.events, Math.max(0, n - NEWEST_EVENTS))) onEvent(event);
  // What nobody but a person can have written stays where it was written.
  const old = withoutOldFlow(text, KEPT_FLOW_ENTRIES, (key) => recorded.has(key));
  if (old === undefined) return;
  await keepOldFlow(paths, old.entries);
  crashPoint('after-old-flow');
  const kept = new Set(old.entries.map(({ key }) => key));
  await changeFile(
    paths.overview,
    (now = '') => withoutOldFlow(now, KEPT_FLOW_ENTRIES, (key) => kept.has(key))?.text ?? now,
    { maxBytes: MAX_OVERVIEW_BYTES },
  );
}

/** Writes entries behind those that were put away before; each is written once. */
export async function keepOldFlow(paths: SessionPaths, entries: readonly OldEntry[]): Promise<void> {
  if (entries.length === 0) return;
  ensurePlainFolder(paths.logs);
  const known = (await documentText(paths.oldFlow)) ?? '';
  appendLines(paths.oldFlow, missingEntries(known, entries));
}
