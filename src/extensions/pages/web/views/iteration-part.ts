import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { isoUtc } from '../../../../core/kernel/clock.ts';
import { readEvents } from '../../../../core/session/log/event-log.ts';
import { type Html, html } from '../../html/html.ts';
import { iterationDetails } from '../../html/iterations.ts';
import { reportIteration } from '../../report/iterations-and-gaps.ts';

/** The commits, changes and figures of one iteration, when the person opens it. */
export async function iterationPart(
  { session: { view }, key, iteration }: { session: ShownSession; key: string; iteration: number },
  context: ActionContext,
): Promise<Html> {
  const events = view.isUnreadable ? [] : await readEvents(view.paths, 0);
  const link = `#/s/${key}/transcript/${iteration}`;
  const asked = { events, now: isoUtc(context.clock.now()), iteration, link };
  const found = await reportIteration(view, asked, context);
  if (found === undefined) return html`<p class="note">There is no such iteration any more.</p>`;
  return iterationDetails(found);
}
