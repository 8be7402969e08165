import type { ActionContext } from '../acts/common/context.ts';
import { type Html, html } from '../acts/report/page/html.ts';
import { type BoardUpdate, boardFrame, boardUpdate } from './board-part.ts';
import type { LiveSessions } from './live.ts';
import { SessionParts, sessionFrame, type ViewPart } from './session-part.ts';
import { newSessionPart } from './start-part.ts';
import { transcriptPart } from './transcript-part.ts';

/** What has changed since the last look; empty if nothing has. */
export interface ViewUpdate extends Partial<BoardUpdate> {
  parts?: ViewPart[];
  /** Why nothing more comes. */
  end?: string;
}

/** What a tab shows: the empty places, and what fills them. */
export interface LiveView {
  frame: Html;
  update(): Promise<ViewUpdate>;
}

const GONE = 'This session is no longer here: it was archived, discarded or moved.';

/** @param place `/`, `/new`, `/s/<key>`, `/s/<key>/transcript/<number>`; anything else is the board */
export function viewOf(place: string, live: LiveSessions, context: ActionContext): LiveView {
  const [, first, key = '', what, number] = place.split('/');
  if (first === 'new') return onceFilled(() => newSessionPart(context));
  if (first !== 's') {
    const sent = new Map<string, string>();
    return { frame: boardFrame(), update: () => boardUpdate(live, sent, context.clock.now()) };
  }
  if (what === 'transcript')
    return onceFilled(async () => {
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

/** What does not change while it is shown. */
function onceFilled(make: () => Promise<Html>): LiveView {
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
