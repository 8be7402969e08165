import { capitalised } from '../../../core/kernel/text.ts';
import { describeBy, describeEvent, openedBy } from '../../../core/session/documents/describe-event.ts';
import type { EventType } from '../../../core/session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { statusSentence } from '../../../core/session/words/words.ts';
import { stillHolds } from '../notice/kinds.ts';
import type { SentMessage } from './sent-messages.ts';

/** Who decided on what a message asks for, and how, by the later events of its session; undefined without a decision. */
export async function decisionOn(sent: SentMessage, view: SessionView): Promise<string | undefined> {
  return decisionIn((await laterEvents(sent, view)).toReversed(), sent);
}

function decisionIn(newestFirst: readonly SessionEvent[], { about }: SentMessage): string | undefined {
  const asked = about.kind === 'question' ? [about] : about.kind === 'suggestions' ? about.answers : [];
  for (const event of newestFirst) {
    if (event.type === 'answers_recorded') {
      const given = event.answers.filter(({ id, question }) =>
        asked.some((one) => one.id === id && one.hash === question),
      );
      const words = given.map(({ id, text }) => `${id} ${text}`).join(', ');
      if (given.length > 0) return `Answered by ${openedBy(event.by)}: ${words}`;
    }
    if (about.kind !== 'plan' && about.kind !== 'changes') continue;
    if (event.type === 'plan_approved' && event.plan.hash === about.hash)
      return `Approved by ${openedBy(event.by)}`;
    if (event.type === 'changes_requested') return `Changes requested by ${describeBy(event.by)}`;
  }
  return undefined;
}

/** Events that settle what a notification asked for. */
const SETTLING: readonly EventType[] = [
  ...(['answers_recorded', 'plan_approved', 'changes_requested', 'resumed', 'stopped'] as const),
  ...(['went_on', 'phase_set', 'rewound', 'archived', 'done'] as const),
];

/** How the request of a message was settled; undefined while it is open, or if the message does not say. */
export async function howSettled(
  sent: SentMessage,
  view: SessionView,
  { isBrief }: { isBrief: boolean },
): Promise<string | undefined> {
  const { notification: id, kind, changedAt: at, about } = sent;
  if (id === undefined || kind === undefined || at === undefined) return undefined;
  const holds = stillHolds({ id, kind, at }, view);
  // Nothing is decided on a session, and the suggestions of the other questions can still be accepted.
  if (holds && (about.kind === 'session' || about.kind === 'suggestions')) return undefined;
  const events = await laterEvents(sent, view);
  const decision = decisionIn(events.toReversed(), sent);
  if (holds && decision === undefined) return undefined;
  // The event can name files, servers and goals.
  if (isBrief) return 'It no longer needs you.';
  const event = events.find(({ type }) => SETTLING.includes(type));
  const words = event && describeEvent(event);
  return decision ?? (words === undefined ? statusSentence(view) : `${capitalised(words)}.`);
}

/** Whether the session was resumed or rewound after the notification, which makes its buttons outdated. */
export async function hasMovedOn(sent: SentMessage, view: SessionView): Promise<boolean> {
  return (await laterEvents(sent, view)).some(({ type }) => type === 'resumed' || type === 'rewound');
}

/** The events after the one that the message is about. */
async function laterEvents({ notification }: SentMessage, { paths }: SessionView): Promise<SessionEvent[]> {
  const n = /^[^:]+:(\d+)$/.exec(notification ?? '')?.[1];
  return n === undefined ? [] : await readEvents(paths, Number(n));
}
