import { readTranscript } from '../../../../core/acts/reading/read-transcript.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { nameWithoutDate } from '../../../../core/session/layout/names.ts';
import { type Html, html } from '../../html/html.ts';
import { transcriptBody } from '../../html/iterations.ts';
import { sessionQuestion } from '../web-context.ts';

const PAGE_ENTRIES = 500;
const PAGE_CHARS = 400_000;

interface TranscriptQuestion {
  session: ShownSession;
  key: string;
  iteration: number;
  /** A position in the raw log. */
  from: number;
}

/** One page of an agent's transcript, with a button that loads the next. */
export async function transcriptPart(
  { session, key, iteration, from }: TranscriptQuestion,
  context: ActionContext,
): Promise<Html> {
  const input = { ...sessionQuestion(session), iteration, from, limit: PAGE_ENTRIES, maxChars: PAGE_CHARS };
  const { entries, next, hasMore, isRunning, phase } = await readTranscript(input, context);
  const more = hasMore || isRunning;
  const path = `/s/${key}/transcript/${iteration}?from=${next}`;
  return html`${
    from === 0 &&
    html`<header class="head bar"><h1><bdi><a href="#/s/${key}">${nameWithoutDate(session.view.folder)}</a></bdi> <small>iteration ${iteration}, ${phase}</small></h1></header>`
  }${transcriptBody(entries)}${more && html`<p><button data-load="${path}">${hasMore ? 'More' : 'Load more: the agent is still running'}</button></p>`}`;
}
