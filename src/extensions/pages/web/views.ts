import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type Html, html } from '../html/html.ts';
import { BoardCards, type BoardUpdate, boardFrame } from './board-part.ts';
import { type AskedInbox, type InboxUpdate, InboxView, inboxFrame } from './inbox/inbox-part.ts';
import { inboxOf } from './inbox/items.ts';
import type { LiveSessions } from './live.ts';
import { PoolView, poolFrame } from './pool-part.ts';
import { SessionParts, sessionFrame } from './session-part.ts';
import { newSessionPart } from './start/start-part.ts';
import { transcriptPart } from './transcript-part.ts';

/** The changes since the last update; empty if there are none. */
export interface ViewUpdate extends Partial<BoardUpdate>, Partial<InboxUpdate> {
  /** Why the view has ended. */
  end?: string;
}

/** The view in a tab: its frame, and the content that fills it. */
export interface LiveView {
  frame: Html;
  /** Its place, where the tab asked for another one. */
  at?: string;
  update(): Promise<ViewUpdate>;
}

const GONE = 'This session is no longer here: it was archived, discarded or moved.';

/**
 * @param asked `place`: `/`, `/inbox/<key>`, `/board`, `/new`, `/pool`, `/s/<key>`, `/s/<key>/transcript/<number>`; anything else is
 * the inbox if something is in it, otherwise the board
 */
export async function viewOf(
  { place, rows }: { place: string; rows: string },
  live: LiveSessions,
  context: ActionContext,
): Promise<LiveView> {
  const [, first, key = '', what, number] = place.split('/');
  switch (first) {
    case 'new':
      return staticView(() => newSessionPart(live, context));
    case 'inbox':
      return inboxView({ key, rows }, live, context);
    case 'board':
      return boardView(live, context);
    case 'pool':
      return poolView(context);
    case 's':
      return what === 'transcript'
        ? staticView(() => transcript({ key, iteration: Number(number) }, live, context))
        : sessionView(key, live, context);
    default: {
      // The board says why the sessions cannot be read.
      const isEmpty = await live.list().then(
        (list) => inboxOf(list, live).length === 0,
        () => true,
      );
      return isEmpty
        ? { ...boardView(live, context), at: '/board' }
        : { ...inboxView({ key: '', rows }, live, context), at: '/inbox' };
    }
  }
}

function boardView(live: LiveSessions, context: ActionContext): LiveView {
  const board = new BoardCards(live);
  return { frame: boardFrame(), update: () => board.changed(context.clock.now()) };
}

function poolView(context: ActionContext): LiveView {
  const machines = new PoolView(context);
  return { frame: poolFrame(), update: async () => ({ parts: await machines.changed() }) };
}

function inboxView(asked: AskedInbox, live: LiveSessions, context: ActionContext): LiveView {
  const inbox = new InboxView(asked, live, context);
  return { frame: inboxFrame(), update: () => inbox.changed() };
}

function sessionView(key: string, live: LiveSessions, context: ActionContext): LiveView {
  const parts = new SessionParts(key, context);
  return {
    frame: sessionFrame(key),
    async update() {
      const session = await live.find(key);
      return session === undefined ? { end: GONE } : { parts: await parts.changed(session) };
    },
  };
}

async function transcript(
  { key, iteration }: { key: string; iteration: number },
  live: LiveSessions,
  context: ActionContext,
): Promise<Html> {
  const session = await live.find(key);
  if (session === undefined) return html`<p>${GONE}</p>`;
  return await transcriptPart({ session, key, iteration, from: 0 }, context);
}

function staticView(make: () => Promise<Html>): LiveView {
  let isMade = false;
  return {
    frame: html`<div id="p-all"></div>`,
    async update() {
      if (isMade) return {};
      isMade = true;
      return { parts: [['p-all', (await make()).text]] };
    },
  };
}
