import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { type Html, html } from '../html/html.ts';

export function agePart({ view }: ShownSession): Html {
  return html`<p>${view.state.createdAt ?? ''}</p>`;
}
