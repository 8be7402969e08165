import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { workAtStake } from '../../../../core/caller/facts/at-stake.ts';
import type { SessionFacts } from '../../../../core/caller/facts/session-facts.ts';
import type { NeedKind } from '../../../../core/caller/facts/wanted.ts';
import type { EventOf, SessionEvent } from '../../../../core/session/events/events.ts';
import { readEvents } from '../../../../core/session/log/event-log.ts';
import { neededText } from '../../../../core/session/words/words.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import { inlineMarkdown, quoted } from '../../html/markdown.ts';
import { canAct } from '../../rows/available-acts.ts';
import { actionLabel } from '../../rows/needs.ts';
import { problemText } from '../web-context.ts';
import { finishForm, resumeForm } from './acts-part.ts';
import { gatePart, stakesPart } from './gate-part.ts';

interface Decision {
  key: string;
  kind: NeedKind;
  facts: SessionFacts;
  session: ShownSession;
}

/** Everything that the person needs for the decision that a session waits for, and its form. */
export async function decisionPart(decision: Decision, context: ActionContext): Promise<Html> {
  try {
    return await gateOrForm(decision, context);
  } catch (error) {
    // A missing or broken file must not affect the other parts.
    return html`<p class="attention">${problemText(error)}</p>`;
  }
}

async function gateOrForm(decision: Decision, context: ActionContext): Promise<Html> {
  const { kind, session, facts } = decision;
  switch (kind) {
    case 'questions':
    case 'plan':
      return await gatePart(session, context);
    case 'stuck':
      return html`<section class="gate stuck"><h2>${actionLabel({ kind, facts })}</h2>${await stuckStory(decision)}
${canAct('resume', session, 'web') && resumeForm(session, { isOpen: true })}</section>`;
    case 'finished':
      return await finishedPart(decision, context);
    default:
      return kind satisfies never;
  }
}

async function stuckStory({ session, facts }: Decision): Promise<Part> {
  if (facts.state === 'blocked') return await blockedStory(session);
  const { pullRequest, says, problems = [] } = facts;
  const why = pullRequest?.asks ?? says?.reason ?? says?.file;
  // What only a supervisor continues is among its problems.
  const texts = [...(why === undefined ? [] : [why]), ...problems];
  return texts.length > 0 && quoted(texts.join('\n\n'));
}

async function finishedPart({ key, session, facts }: Decision, context: ActionContext): Promise<Html> {
  const { says: { summary } = {} } = facts;
  const stakes = stakesPart(await workAtStake(session.view, context));
  return html`<section class="gate finished"><h2>${actionLabel({ kind: 'finished', facts })}</h2>
${stakes}${summary && quoted(summary)}
<p><a href="#/s/${key}/checks">Checks and proof</a></p>${canAct('finish', session, 'web') && finishForm(session, { isOpen: true })}</section>`;
}

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

function blockedPart(
  { reason, needs }: { reason: string; needs: string },
  tried: readonly EventOf<'iteration_ended'>[],
): Html {
  const proposed = tried.at(-1)?.next;
  return html`${tried.length > 0 && html`<h3>What was tried</h3><ul class="tried">${tried.map(triedLine)}</ul>`}
<h3>Why it is blocked</h3>${quoted(reason)}
<p class="note" dir="auto">It needs ${neededText(needs)}.${proposed && html` Its agent proposes: ${inlineMarkdown(proposed)}`}</p>`;
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
