import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { EventOf, SessionEvent } from '../../../../core/session/events/events.ts';
import { readEvents } from '../../../../core/session/log/event-log.ts';
import { type Html, html } from '../../html/html.ts';
import { inlineMarkdown, quoted } from '../../html/markdown-html.ts';

const SHOWN_ITERATIONS = 3;

/** Shows what the last agents tried before a block, and what the session needs; empty if it is not blocked. */
export async function blockedStory({ view }: Pick<ShownSession, 'view'>): Promise<Html> {
  const { status } = view.state;
  if (status.kind !== 'blocked') return html``;
  const events = view.isUnreadable ? [] : await readEvents(view.paths, 0);
  return blockedPart(status, triedLast(events));
}

function triedLast(events: readonly SessionEvent[]): EventOf<'iteration_ended'>[] {
  return events.filter((event) => event.type === 'iteration_ended').slice(-SHOWN_ITERATIONS);
}

/** The needs that samocode names; an agent can name any other. */
const NEEDS: Readonly<Record<string, string>> = {
  human_decision: 'your decision',
  error_resolution: 'that you fix what failed, or say how',
};

function blockedPart(
  { reason, needs }: { reason: string; needs: string },
  tried: readonly EventOf<'iteration_ended'>[],
): Html {
  const proposed = tried.at(-1)?.next;
  return html`${tried.length > 0 && html`<h3>What was tried</h3><ul class="tried">${tried.map(triedLine)}</ul>`}
<h3>Why it is blocked</h3>${quoted(reason)}
<p class="note" dir="auto">It needs ${(Object.hasOwn(NEEDS, needs) ? NEEDS[needs] : undefined) ?? needs.replaceAll('_', ' ')}.${proposed && html` Its agent proposes: ${inlineMarkdown(proposed)}`}</p>`;
}

function triedLine({
  iteration,
  phase,
  lastAction,
  signal,
  problem,
  ending,
}: EventOf<'iteration_ended'>): Html {
  const did = lastAction ?? signal?.summary ?? problem ?? ending.replaceAll('_', ' ');
  return html`<li><span class="note">Iteration ${iteration}, ${phase}:</span> <span dir="auto">${inlineMarkdown(did)}</span></li>
`;
}
