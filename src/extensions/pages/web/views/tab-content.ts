import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { isSamocodeError } from '../../../../core/kernel/errors.ts';
import { html } from '../../html/html.ts';
import { newSessionPart } from '../acts/start-part.ts';
import { FAILED, problemText } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import { listPieces } from './list-view.ts';
import type { LiveSessions } from './live.ts';
import { hasPools, poolPane } from './pool-pane.ts';
import { type Pane, panePiece, sessionPane } from './session-pane.ts';
import type { Piece } from './tab-view.ts';
import { transcriptPart } from './transcript-part.ts';

/** All that a tab shows; `end`: why some of it is as it was before. */
export interface TabContent {
  pieces: readonly Piece[];
  end: string;
}

/** The list, and beside it what is at a place: `/`, `/new`, `/pool`, `/s/<key>`, `/s/<key>/<part>`, `/s/<key>/transcript/<number>`. */
export function contentOfTab(
  place: string,
  { live, failed }: { live: LiveSessions; failed(error: unknown): void },
  context: ActionContext,
): () => Promise<TabContent> {
  const pane = paneAt(place, live, context);
  const links = hasPools(context).then((has) => (has ? POOL_LINK : []));
  let rows: readonly Piece[] = [];
  let beside: readonly Piece[] = [];
  return async () => {
    let end = '';
    const said = (error: unknown) => {
      if (!isSamocodeError(error)) failed(error);
      end = isSamocodeError(error) ? problemText(error) : FAILED;
    };
    // Without a list, the form of a new session says how to make a project.
    await pane().then((made) => {
      beside = made;
    }, said);
    await live.list().then(async (list) => {
      rows = await listPieces(list, context.clock.now());
    }, said);
    return { pieces: [...beside, ...rows, ...(await links)], end };
  };
}

const POOL_LINK: readonly Piece[] = [
  ['to-pool', html`<a id="to-pool" data-in="links" href="#/pool">Pool</a>`.text],
];

function paneAt(place: string, live: LiveSessions, context: ActionContext): Pane {
  const [, first, key = '', what, number] = place.split('/');
  switch (first) {
    case 'new':
      return once(async () => panePiece('new', await newSessionPart(live, context)));
    case 'pool':
      return poolPane(context);
    case 's':
      return what === 'transcript'
        ? once(async () => await transcript({ key, iteration: Number(number) }, live, context))
        : sessionPane({ key, tab: what }, live, context);
    default:
      return async () => {
        const { rows } = await live.list();
        const words = rows.length === 0 ? 'There are no sessions.' : 'Choose a session.';
        return panePiece('none', html`<p class="sentence">${words} <a href="#/new">New session</a></p>`);
      };
  }
}

async function transcript(
  { key, iteration }: { key: string; iteration: number },
  live: LiveSessions,
  context: ActionContext,
): Promise<Piece[]> {
  const listed = await live.row(key);
  if (listed === undefined) throw WEB_ERRORS.session_gone();
  const { session } = listed;
  return panePiece('transcript', await transcriptPart({ session, key, iteration, from: 0 }, context));
}

/** A pane that is made once. */
function once(make: () => Promise<Piece[]>): Pane {
  let made: Promise<Piece[]> | undefined;
  return async () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return await made;
  };
}
