import { PLAN_BUTTONS } from '../../../../core/acts/gates/plan-question.ts';
import { readPlan } from '../../../../core/acts/gates/read-plan.act.ts';
import { type QaItem, readQa } from '../../../../core/acts/gates/read-qa.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { refusalNow } from '../../../../core/caller/commands/early-refusal.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { planAtStake, questionsAtStake, type Stake } from '../../../../core/caller/facts/at-stake.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import type { Command } from '../../../../core/session/commands/commands.ts';
import { CHAT_SECTION } from '../../../../core/session/documents/chat-section.ts';
import { gateOf } from '../../../../core/session/folder/read-session.ts';
import { type Html, html } from '../../html/html.ts';
import { colouredDiff } from '../../html/iterations.ts';
import { markdown, taskTexts } from '../../html/markdown.ts';
import { planNotes } from '../../html/questions-and-plan.ts';
import { identityFields, sessionQuestion } from '../web-context.ts';

/** Said before an act that cannot be undone. */
export const FINAL: Html = html`<small class="note">Takes effect at once and cannot be undone.</small>`;

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

/** What is at stake, in the head of the decision. */
export function stakesPart(stakes: readonly Stake[]): Html {
  const parts = stakes.map(({ text, isGrave }) =>
    isGrave ? html`<strong class="attention">${text}</strong>` : html`${text}`,
  );
  return html`${parts.length > 0 && html`<p class="note">${parts.map((part, at) => html`${at > 0 && ' · '}${part}`)}</p>`}
`;
}

async function questionsPart(session: ShownSession, context: ActionContext): Promise<Html> {
  const report = await readQa(sessionQuestion(session), context);
  const { questions, hash, about, problems, fromChat } = report;
  const open = questions.filter(({ isOpen }) => isOpen);
  const typed = open.filter(({ isUnconfirmed }) => isUnconfirmed);
  const suggested = open.filter(({ suggestion }) => suggestion !== undefined);
  const closed = closedHere('answer', session);
  return html`<section class="gate"><h2>Questions for you</h2>
${stakesPart(questionsAtStake(report))}${closed}${problems.map((problem) => html`<p class="attention">${problem}</p>`)}
${chatPart(fromChat)}
<form data-act="answer">${identityFields(session)}<input type="hidden" name="hash" value="${hash}">${open.map(
    (question) => questionField(question, about?.question === question.id ? about.text : undefined),
  )}
${
  closed === undefined &&
  html`<p class="buttons"><button class="primary">Send answers</button>${suggested.length > 0 && html` <button name="accept" value="suggestions">Answer the rest as suggested</button>`}${
    typed.length > 0 && html` <button name="confirm" value="typed">Confirm the answers in _qa.md</button>`
  } ${FINAL}</p>`
}<output></output></form></section>`;
}

/** Why this page may not decide, said before anything is filled in. */
function closedHere(kind: Command['kind'], { view }: ShownSession): Html | undefined {
  const refusal = refusalNow(kind, view, { by: { channel: 'web' } });
  return refusal && html`<p class="attention">${refusal.why} ${refusal.hint}</p>`;
}

const SENDS = { approve: 'approve', changes: 'request_changes' } as const;

/** What the agent took from the chat that the session carries on. */
function chatPart(fromChat: string | undefined): Html {
  return html`${fromChat !== undefined && html`<details open id="from-chat"><summary>${CHAT_SECTION}, as its agent read it</summary>${markdown(fromChat)}</details>`}`;
}

/** Only a question that asks for several answers, or suggests several, gets check boxes. */
function isForSeveral({ text, suggestion }: QaItem): boolean {
  return (suggestion?.letters.length ?? 0) > 1 || SEVERAL.test(text);
}

const SEVERAL = /\b(?:all that apply|one or more|several)\b/i;

function questionField(question: QaItem, about?: string): Html {
  const { id, text, options, suggestion, answer, isUnconfirmed, own } = question;
  const type = isForSeveral(question) ? 'checkbox' : 'radio';
  const field = (at: number, letter: string, words: string) => {
    const isSuggested = suggestion?.letters.includes(letter) === true;
    return html`<label class="option" dir="auto"><input type="${type}" name="${id}" value="${letter}"> ${at < 9 && html`<kbd>${at + 1}</kbd> `}<bdi><b>${letter}</b></bdi> ${words}${isSuggested && html` <small>suggested</small>`}</label>
`;
  };
  return html`<fieldset class="qa open" aria-labelledby="id-${id} ask-${id}"><legend id="id-${id}"><span class="id">${id}</span></legend><div id="ask-${id}">${markdown(text)}</div>
${about !== undefined && html`<details id="about-${id}"${own === 'weakened' && html` open`}><summary>${own === 'weakened' ? 'What would change' : 'Context'}</summary><pre dir="ltr" tabindex="0">${own === 'weakened' ? colouredDiff(about) : about}</pre></details>`}
${options.map((option, at) => field(at, option.letter, option.text))}
${suggestion && html`<p class="note" dir="auto">${suggestion.reason}</p>`}
${isUnconfirmed && html`<p class="attention" dir="auto">In _qa.md, by you or by a program: ${answer}</p>`}
<label>${options.length > 0 ? 'In your own words' : 'Your answer'} <textarea name="${id}.text" rows="1" dir="auto"></textarea></label></fieldset>
`;
}

async function planPart(session: ShownSession, context: ActionContext): Promise<Html> {
  const plan = await readPlan(sessionQuestion(session), context);
  const { name, text, hash, servers, warnings, remarks, changes, fromChat } = plan;
  const names = stepNames(taskTexts(text));
  const closed = closedHere('approve', session);
  const offered = PLAN_BUTTONS.filter(({ choice }) => closedHere(SENDS[choice], session) === undefined);
  const comment = (at: number) =>
    html` <details class="comment" id="of-${names[at]}"><summary aria-label="Comment on step ${at + 1}">comment</summary><textarea name="${names[at]}" rows="2" aria-label="Comment on this step" dir="auto"></textarea></details>`;
  return html`<section class="gate"><h2>Plan to approve</h2>
${stakesPart(planAtStake(plan))}${closed}${planNotes({ name, warnings, remarks, servers, changes: changes?.join('\n') })}
${chatPart(fromChat)}
<form data-act="plan">${identityFields(session)}<input type="hidden" name="hash" value="${hash}">
${markdown(text, { afterTask: comment })}
<label>Requested changes <textarea name="feedback" rows="2" dir="auto"></textarea></label>
<p class="buttons">${offered.map(({ text: label, choice }, at) => html`<button name="decide" value="${choice}"${at === 0 && html` class="primary"`}>${label}</button> `)}${FINAL}</p><output></output></form></section>`;
}

/** The names of the comment fields: by the text of the step, so that a draft finds its step in a new version. */
export function stepNames(steps: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const hash = fingerprint(step).slice(0, 12);
    const nth = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, nth);
    return `step.${hash}.${nth}`;
  });
}
