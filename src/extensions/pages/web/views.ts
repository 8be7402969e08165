import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type Html, html } from '../html/html.ts';
import { BoardCards, type BoardUpdate, boardFrame } from './board-part.ts';
import type { LiveSessions } from './live.ts';
import { SessionParts, sessionFrame, type ViewPart } from './session-part.ts';
import { newSessionPart } from './start-part.ts';
import { transcriptPart } from './transcript-part.ts';

/** The changes since the last update; empty if there are none. */
export interface ViewUpdate extends Partial<BoardUpdate> {
  parts?: ViewPart[];
  end?: string;
}

/** The view in a tab: its frame, and the content that fills it. */
export interface LiveView {
  frame: Html;
  update(): Promise<ViewUpdate>;
}

const GONE = 'This session is no longer here: it was archived, discarded or moved.';

/** @param place `/`, `/new`, `/s/<key>`, `/s/<key>/transcript/<number>`; anything else is the board */
export function viewOf(place: string, live: LiveSessions, context: ActionContext): LiveView {
  const [, first, key = '', what, number] = place.split('/');
  if (first === 'new') return staticView(() => newSessionPart(context));
  if (first !== 's') {
    const board = new BoardCards(live);
    return { frame: boardFrame(), update: () => board.changed(context.clock.now()) };
  }
  if (what === 'transcript')
    return staticView(async () => {
      const session = await live.find(key);
      if (session === undefined) return html`<p>${GONE}</p>`;
      return await transcriptPart({ session, key, iteration: Number(number), from: 0 }, context);
    });
  const parts = new SessionParts(key, context);
  return {
    frame: sessionFrame(),
    async update() {
      const session = await live.find(key);
      return session === undefined ? { end: GONE } : { parts: await parts.changed(session) };
    },
  };
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
