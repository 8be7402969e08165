import { join } from 'node:path';
import { transcriptPage } from '../../../core/acts/reading/read-transcript.act.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { identityAt } from '../../../core/kernel/files/path-stats.ts';
import { type Html, html } from '../html/html.ts';
import { transcriptBody } from '../html/iterations.ts';

/** The part of a log that is shown while its agent works. */
const TAIL_BYTES = 48 * 1024;
const TAIL_ENTRIES = 80;

/** What the agent of a session is doing, in one tab. */
export class CurrentAgent {
  readonly #key: string;
  #tail = '';

  constructor(key: string) {
    this.#key = key;
  }

  /** @returns undefined if nothing has changed since the last call */
  async changed(session: ShownSession): Promise<Html | undefined> {
    const { view, activity } = session;
    const { openIteration: open, n } = view.state;
    const log = open === undefined ? '' : identityAt(join(view.paths.logs, open.log));
    const tail = `${n} ${log} ${activity}`;
    if (tail === this.#tail) return undefined;
    this.#tail = tail;
    return await this.#part(session);
  }

  async #part({ view, activity }: ShownSession): Promise<Html> {
    const { openIteration } = view.state;
    if (openIteration === undefined) return html``;
    const { iteration, phase, provider, log } = openIteration;
    const tail = { provider, isRunning: true, from: -TAIL_BYTES, limit: 1000 };
    const { entries } = await transcriptPage(join(view.paths.logs, log), tail);
    return html`<section class="now p-${phase}"><h2>The agent now <small>iteration ${iteration}, ${phase}, <time data-since="${openIteration.startedAt}"></time> · <a href="#/s/${this.#key}/transcript/${iteration}">the whole transcript</a></small></h2>
<p class="sentence" dir="auto">${activity ?? 'preparing'}</p><div class="tail" tabindex="0">${transcriptBody(entries.slice(-TAIL_ENTRIES))}</div></section>`;
  }
}
