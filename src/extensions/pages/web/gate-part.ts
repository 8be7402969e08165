import { readPlan } from '../../../core/acts/gates/read-plan.act.ts';
import { type QaItem, readQa } from '../../../core/acts/gates/read-qa.act.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { gateOf } from '../../../core/session/status.ts';
import { planNotes } from '../html/common-parts.ts';
import { type Html, html } from '../html/html.ts';
import { markdown } from '../html/markdown-html.ts';
import { sessionQuestion } from './web-context.ts';

/** The form for the decision that the session waits for; empty if it waits for none. */
export async function gatePart(session: ShownSession, context: ActionContext): Promise<Html> {
  switch (gateOf(session.view)?.for) {
    case 'qa_answers':
      return await questionsPart(session, context);
    case 'plan_approval':
      return await planPart(session, context);
    default:
      return html``;
  }
}

async function questionsPart(session: ShownSession, context: ActionContext): Promise<Html> {
  const { questions, about, problems } = await readQa(sessionQuestion(session), context);
  const open = questions.filter(({ isOpen }) => isOpen);
  const typed = open.filter(({ isUnconfirmed }) => isUnconfirmed);
  const suggested = open.filter(({ suggestion }) => suggestion !== undefined);
  return html`<section class="gate"><h2>Questions for you</h2>
${problems.map((problem) => html`<p class="attention">${problem}</p>`)}
<form data-act="answer">${open.map((question) =>
    questionField(question, about?.question === question.id ? about.text : undefined),
  )}
<p class="buttons"><button>Send answers</button>${suggested.length > 0 && html` <button name="accept" value="suggestions">Answer the rest as suggested</button>`}${
    typed.length > 0 && html` <button name="confirm" value="typed">The answers in _qa.md are mine</button>`
  } <output></output></p></form></section>`;
}

function questionField(
  { id, text, options, suggestion, answer, isUnconfirmed }: QaItem,
  about?: string,
): Html {
  const field = (letter: string, words: string) => {
    const isSuggested = suggestion?.letters.includes(letter) === true;
    return html`<label class="option" dir="auto"><input type="checkbox" name="${id}" value="${letter}"> <b>${letter}</b> ${words}${isSuggested && html` <small>suggested</small>`}</label>
`;
  };
  return html`<fieldset class="qa open"><legend><span class="id">${id}</span></legend>${markdown(text)}
${about !== undefined && html`<details><summary>Context</summary><pre dir="ltr">${about}</pre></details>`}
${options.map((option) => field(option.letter, option.text))}
${suggestion && html`<p class="note" dir="auto">Suggested: ${suggestion.letters.join(', ')} – ${suggestion.reason}</p>`}
${isUnconfirmed && html`<p class="attention" dir="auto">In _qa.md, by you or by a program: ${answer}</p>`}
<label>${options.length > 0 ? 'In your own words' : 'Your answer'} <textarea name="${id}.text" rows="1" dir="auto"></textarea></label></fieldset>
`;
}

/** The plans shown last, by hash. If one has changed since, the decision is refused with the difference. */
export const shownPlans = new Map<string, string>();
const MAX_SHOWN_PLANS = 50;

async function planPart(session: ShownSession, context: ActionContext): Promise<Html> {
  const { name, text, hash, servers, remarks, changes } = await readPlan(sessionQuestion(session), context);
  shownPlans.delete(hash);
  shownPlans.set(hash, text);
  for (const old of [...shownPlans.keys()].slice(0, -MAX_SHOWN_PLANS)) shownPlans.delete(old);
  const comment = (at: number) =>
    html`<details class="comment"><summary>comment</summary><textarea name="step.${at}" rows="2" aria-label="Comment on this step" dir="auto"></textarea></details>`;
  return html`<section class="gate"><h2>Plan to approve</h2>
${planNotes({ name, remarks, servers, changes: changes?.join('\n') })}
<form data-act="plan"><input type="hidden" name="hash" value="${hash}">
${markdown(text, { afterTask: comment })}
<label>Requested changes <textarea name="feedback" rows="2" dir="auto"></textarea></label>
<p class="buttons"><button name="decide" value="approve">Approve the plan</button> <button name="decide" value="change">Request changes</button> <output></output></p></form></section>`;
}
