import { basename, dirname } from 'node:path';
import { capitalised } from '../../base/plain-words.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { statusSentence } from '../../session/words.ts';
import type { Settled } from '../channel.ts';

/** What ends the wait that a notification was about. */
const SETTLES: readonly EventType[] = [
  ...(['answers_recorded', 'plan_approved', 'changes_requested', 'resumed', 'stopped'] as const),
  ...(['went_on', 'phase_set', 'rewound', 'archived', 'done'] as const),
];

/** Who settled what a notification asked for, by the first event behind its own that does. */
export async function settledBy(
  { id, place }: { id: string; place: string },
  view: SessionView | undefined,
): Promise<Settled> {
  const settled = { id, session: basename(place), sessionsDir: dirname(place) };
  if (view === undefined) return { ...settled, how: 'The session was removed.' };
  const number = Number(id.split(':')[1]);
  const events = Number.isInteger(number) ? await readEvents(view.paths.events, number) : [];
  const event = events.find(({ type }) => SETTLES.includes(type));
  const words = event && describeEvent(event);
  return { ...settled, how: words === undefined ? statusSentence(view) : `${capitalised(words)}.` };
}
