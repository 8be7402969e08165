import {
  FINISH_CHOICE_NAMES,
  FINISH_CHOICES,
  type FinishChoice,
} from '../../../../core/acts/finish/finish-choices.ts';
import { FINISH_ROWS } from '../../../../core/acts/finish/finish-rows.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { allProviders } from '../../../../core/agents/registry.ts';
import { refusalNow } from '../../../../core/caller/commands/early-refusal.ts';
import { inTheWay, type Preview } from '../../../../core/caller/facts/preview.ts';
import type { NeedKind } from '../../../../core/caller/facts/wanted.ts';
import { LIMIT_NAMES, type LimitName } from '../../../../core/kernel/phases/limits.ts';
import type { Command } from '../../../../core/session/commands/commands.ts';
import { type Html, html } from '../../html/html.ts';
import { canAct } from '../../rows/available-acts.ts';
import { identityFields } from '../web-context.ts';
import { FINAL } from './gate-part.ts';

/**
 * The forms of everything that a person can do with a session now, each collapsed.
 * @param kind of the decision above, whose form is not repeated
 */
export function actsPart(session: ShownSession, kind?: NeedKind): Html {
  const parts = [
    ...unreadMessages(session),
    canAct('message', session, 'web') && messageForm(session),
    kind !== 'stuck' && canAct('resume', session, 'web') && resumeForm(session),
    kind !== 'finished' && canAct('finish', session, 'web') && finishForm(session),
    canAct('verify', session, 'web') && verifyForm(session),
    canAct('stop', session, 'web') && stopForm(session),
  ].filter((part) => part !== false && part !== undefined);
  return html`<section class="do" aria-label="Actions">${parts}</section>`;
}

/** The messages that no agent has received, each of which can be withdrawn. */
function unreadMessages(session: ShownSession): Html[] {
  return session.view.state.messages.waiting.map(
    ({ id, line }) =>
      html`<form data-act="withdraw" class="unread">${identityFields(session)}<input type="hidden" name="message" value="${id}"><p><span class="note">Not read yet:</span> <span dir="auto">${line}</span> <button aria-label="Withdraw: ${line}">Withdraw</button></p><output></output></form>
`,
  );
}

export interface FormPlace {
  /** Shown as part of a gate instead of collapsed. */
  isOpen?: boolean;
}

interface ActForm extends FormPlace {
  session: ShownSession;
  title: string;
  key: string;
  act: string;
  fields: Html;
}

function actForm({ session, title, key, act, fields, isOpen = false }: ActForm): Html {
  const form = html`<form data-act="${act}">${identityFields(session)}${fields}<output></output></form>
`;
  if (isOpen) return form;
  return html`<details class="act" data-key="${key}"><summary>${title}</summary>${form}</details>
`;
}

function messageForm(session: ShownSession): Html {
  return actForm({
    session,
    title: 'Message',
    key: 'm',
    act: 'message',
    fields: html`<label>For the next agent <textarea name="text" rows="3" required dir="auto"></textarea></label>
<p class="buttons"><button class="primary">Send</button></p>`,
  });
}

const LIMITS: Readonly<Record<LimitName, string>> = {
  usd: 'Dollars',
  tokens: 'Tokens',
  hours: 'Hours',
  iterations: 'Iterations',
};

/** @param otherwise what holds while none is chosen */
export function agentField(otherwise: string): Html {
  return html`<label>Agent <select name="provider"><option value="">${otherwise}</option>${allProviders().map(({ name, title }) => html`<option value="${name}">${title}</option>`)}</select></label>`;
}

function isTaken(kind: Command['kind'], { view }: ShownSession): boolean {
  return refusalNow(kind, view, { by: { channel: 'web' } }) === undefined;
}

export function resumeForm(session: ShownSession, place: FormPlace = {}): Html {
  const isDone = session.view.state.status.kind === 'done';
  const text = isDone
    ? html`<label>New goal <textarea name="goal" rows="3" required dir="auto"></textarea></label>`
    : html`<label>Note for the next agent <textarea name="note" rows="2" dir="auto"></textarea></label>`;
  const limits = LIMIT_NAMES.map(
    (name) => html`<label>${LIMITS[name]} <input name="limit.${name}" inputmode="decimal" size="6"></label> `,
  );
  return actForm({
    session,
    title: isDone ? 'New goal' : 'Resume',
    key: 'r',
    act: 'resume',
    fields: html`${text}${
      // One that only starts the missing worker takes no other agent.
      isTaken('resume', session) &&
      html`
${agentField('as before')}`
    }<details><summary>Limits of the whole session</summary><p class="limits">${limits}</p></details>
<p class="buttons"><button class="primary">${isDone ? 'Start' : 'Resume'}</button></p>`,
    ...place,
  });
}

function stopForm(session: ShownSession): Html {
  return actForm({
    session,
    title: 'Stop',
    key: 's',
    act: 'stop',
    fields: html`<p class="buttons"><button name="when" value="after_iteration">After the current agent</button>
<button name="when" value="now">Now: end the agent, and keep its changes</button></p>`,
  });
}

export function finishForm(session: ShownSession, place: FormPlace = {}): Html {
  const choices = FINISH_CHOICE_NAMES.filter((way) => isTaken(FINISH_ROWS[way].kind, session));
  return actForm({
    session,
    title: 'Finish',
    key: 'f',
    act: 'preview',
    fields: html`<p class="buttons">${choices.map((way) => html`<button name="how" value="${way}">${FINISH_CHOICES[way].title} …</button> `)}</p>
<p class="note">Each shows a preview first.</p>`,
    ...place,
  });
}

function verifyForm(session: ShownSession): Html {
  return actForm({
    session,
    title: 'Verify',
    key: 'v',
    act: 'verify',
    fields: html`<p>Repeats the checks of its proof on a fresh clone. This can take as long as the checks do.</p>
<p class="buttons"><button>Verify</button></p>`,
  });
}

/** The ways to finish that `samocode unarchive` takes back: their previews do not call them final. */
const RESTORABLE: ReadonlySet<FinishChoice> = new Set(['keep_branch', 'discard']);

/** A preview of one way to finish, with the button that does it. */
export function previewPart(
  session: ShownSession,
  how: FinishChoice,
  { would, text, refusal, hash }: Omit<Preview, 'view' | 'watch'>,
): Html {
  const { title } = FINISH_CHOICES[how];
  if (refusal)
    return html`<h3 tabindex="-1">${title}: not now</h3>${inTheWay({ refusal }).map((line) => html`<p class="attention">${line}</p>`)}`;
  return html`<h3 tabindex="-1">${title}</h3><ul>${would.map((line) => html`<li>${line}</li>`)}</ul>
${text !== undefined && html`<details><summary>The text of the pull request</summary><pre tabindex="0">${text}</pre></details>`}
<form data-act="finish">${identityFields(session)}<input type="hidden" name="how" value="${how}"><input type="hidden" name="hash" value="${hash}"><p class="buttons"><button class="primary">${title}</button> ${!RESTORABLE.has(how) && FINAL}</p><output></output></form>`;
}
