import { join } from 'node:path';
import { type TranscriptTail, transcriptTail } from '../../../core/acts/reading/read-transcript.act.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { identityAt } from '../../../core/kernel/files/path-stats.ts';
import { type Html, html } from '../html/html.ts';
import { transcriptBody } from '../html/iterations.ts';

/** The part of a log that is shown while its agent works. */
const TAIL = { maxBytes: 48 * 1024, maxEntries: 80 };

/** What the agent of a session is doing, in one tab. */
export class CurrentAgent {
  readonly #key: string;
  #stamp = '';
  #log = '';
  #tail: TranscriptTail | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** @returns undefined if nothing has changed since the last call */
  async changed(session: ShownSession): Promise<Html | undefined> {
    const { view, activity } = session;
    const { openIteration: open, n } = view.state;
    const log = open === undefined ? '' : identityAt(join(view.paths.logs, open.log));
    const stamp = `${n} ${log} ${activity}`;
    if (stamp === this.#stamp) return undefined;
    this.#stamp = stamp;
    return await this.#part(session);
  }

  async #part({ view, activity }: ShownSession): Promise<Html> {
    const { openIteration } = view.state;
    if (openIteration === undefined) return html``;
    const { iteration, phase, provider, log } = openIteration;
    const before = log === this.#log ? this.#tail : undefined;
    this.#log = log;
    this.#tail = await transcriptTail(join(view.paths.logs, log), { provider, ...TAIL }, before);
    const { entries } = this.#tail;
    return html`<section class="now p-${phase}"><h2>The agent now <small>iteration ${iteration}, ${phase}, <time data-since="${openIteration.startedAt}"></time> · <a href="#/s/${this.#key}/transcript/${iteration}">the whole transcript</a></small></h2>
${activity && html`<p class="sentence" dir="auto">${activity}</p>`}<div class="tail" tabindex="0">${transcriptBody(entries)}</div></section>`;
  }
}
