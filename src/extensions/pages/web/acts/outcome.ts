import { outcomeOfAct } from '../../../../core/caller/commands/act-outcome.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { sessionIndex } from '../../../../core/caller/context/session-index.ts';
import { pageKey } from '../../../../core/caller/facts/live-page.ts';
import { capitalised } from '../../../../core/kernel/text.ts';
import { describeEvent } from '../../../../core/session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../../../core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../core/session/layout/paths.ts';
import { readEvents } from '../../../../core/session/log/event-log.ts';
import type { LiveSessions } from '../views/live.ts';
import { problemText } from '../web-context.ts';

/** The state of a receipt on the page, and our text about it. */
export interface ReceiptOutcome {
  state: 'sending' | 'sent' | 'recorded' | 'failed' | 'gone';
  text: string;
}

/** Commands whose work begins once they are accepted, and may fail. */
const FINISHES: ReadonlySet<string> = new Set(['merge', 'publish', 'archive', 'discard']);
const ENDS = ['merge_ended', 'publish_ended', 'finish_ended', 'archived', 'discarded'] as const;

type FinishEnd = Extract<SessionEvent, { type: (typeof ENDS)[number] }>;

/** The same verdict as in the answer to the act: a merge or publication that leaves commands to the person has not failed. */
function hasFailed(end: FinishEnd): boolean {
  switch (end.type) {
    case 'finish_ended':
      return true;
    case 'merge_ended':
      return end.outcome !== 'merged' && end.outcome !== 'ready';
    case 'publish_ended':
      return (end.outcome === 'failed' || end.outcome === 'stopped') && end.commands.length === 0;
    default:
      return false;
  }
}

async function endOfFinish(paths: SessionPaths, { n }: EventOf<'command_accepted'>): Promise<ReceiptOutcome> {
  const isEnd = (event: SessionEvent): event is FinishEnd => ENDS.some((end) => end === event.type);
  const end = (await readEvents(paths, n)).find(isEnd);
  if (end === undefined) return { state: 'sent', text: 'It is under way.' };
  return {
    state: hasFailed(end) ? 'failed' : 'recorded',
    text: `${capitalised(describeEvent(end) ?? 'done')}.`,
  };
}

const GONE: ReceiptOutcome = {
  state: 'gone',
  text: 'The session was discarded or moved, so its log cannot be read.',
};

/** Finds out what became of acts whose answers a tab has lost. */
export class Outcomes {
  readonly #live: LiveSessions;
  readonly #context: ActionContext;
  readonly #underWay = new Set<string>();

  constructor(live: LiveSessions, context: ActionContext) {
    this.#live = live;
    this.#context = context;
  }

  /** Notes an act as under way while it runs. */
  async during<T>(actId: string, act: () => Promise<T>): Promise<T> {
    this.#underWay.add(actId);
    try {
      return await act();
    } finally {
      this.#underWay.delete(actId);
    }
  }

  async of(key: string, actId: string): Promise<ReceiptOutcome> {
    if (this.#underWay.has(actId)) return { state: 'sending', text: '' };
    const found = (await this.#live.row(key))?.session.view.paths ?? (await this.#archived(key));
    if (found === undefined) return GONE;
    const outcome = await outcomeOfAct({ paths: found, folder: found.folder }, actId);
    switch (outcome.kind) {
      case 'recorded':
        return FINISHES.has(outcome.event.kind)
          ? await endOfFinish(found, outcome.event)
          : { state: 'recorded', text: `${capitalised(outcome.sentence)}.` };
      case 'refused':
        return { state: 'failed', text: problemText(outcome.error) };
      case 'waiting':
        return { state: 'sent', text: 'Queued until a worker of the session runs.' };
      case 'unknown':
        return { state: 'failed', text: 'The session did not receive it. Send it again.' };
      default:
        return outcome satisfies never;
    }
  }

  /** A finished session is on no list. */
  async #archived(key: string): Promise<SessionPaths | undefined> {
    const index = await sessionIndex({ reach: 'readable' }, this.#context);
    for (const { place, folders } of await index.names())
      for (const folder of folders) {
        const paths = sessionPaths(place.sessionsDir, folder);
        if (pageKey(paths) === key) return paths;
      }
    return undefined;
  }
}
