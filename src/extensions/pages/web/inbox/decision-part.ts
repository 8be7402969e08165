import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import type { SessionFacts } from '../../../../core/caller/facts/session-facts.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import { quoted } from '../../html/markdown-html.ts';
import { canAct } from '../../watch/keys.ts';
import { finishForm, resumeForm } from '../acts-part.ts';
import { gatePart } from '../gate-part.ts';
import { problemText } from '../web-context.ts';
import { blockedStory } from './blocked-part.ts';
import { demandOf, type ItemKind } from './items.ts';

interface Decision {
  key: string;
  kind: ItemKind;
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
      return html`<section class="gate"><h2>${demandOf({ kind, facts })}</h2>${await stuckStory(decision)}
${canAct('resume', session, 'web') && resumeForm(session, { isOpen: true })}</section>`;
    case 'finished':
      return finishedPart(decision);
    default:
      return kind satisfies never;
  }
}

async function stuckStory({ session, facts }: Decision): Promise<Part> {
  if (facts.state === 'blocked') return await blockedStory(session);
  const why = facts.pullRequest?.asks ?? session.unwatched ?? facts.says?.reason ?? facts.says?.file;
  return why && quoted(why);
}

function finishedPart({ key, session, facts }: Decision): Html {
  const { says: { summary } = {}, proof } = facts;
  return html`<section class="gate finished"><h2>Finished</h2>${summary && quoted(summary)}
<p>Proof ${proof} · <a href="#/s/${key}">changes and checks</a></p>${finishForm(session, { isOpen: true })}</section>`;
}
