import {
  FINISH_CHOICE_NAMES,
  FINISH_CHOICES,
  type FinishChoice,
} from '../../../core/acts/finish/finish-choices.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { LIMIT_NAMES, type LimitName } from '../../../core/kernel/phases/limits.ts';
import { shownFacts } from '../../../core/kit/terminal/session-facts.ts';
import { type Html, html } from '../html/html.ts';
import { canAct } from '../watch/keys.ts';

/** Renders a collapsed form for each act that a person can do with a session now. */
export function actsPart(session: ShownSession): Html {
  const facts = shownFacts(session.view, session);
  const parts = [
    canAct('message', facts) && messageForm(),
    canAct('resume', facts) && resumeForm(facts.state === 'done'),
    canAct('finish', facts) && finishForm(facts.state === 'done'),
    canAct('verify', facts) && verifyForm(),
    canAct('stop', facts) && stopForm(),
  ].filter((part) => part !== false);
  return html`<section class="do" aria-label="Actions">${parts}</section>`;
}

function collapsedForm(title: string, key: string, act: string, fields: Html): Html {
  return html`<details class="act" data-key="${key}"><summary>${title}</summary><form data-act="${act}">${fields}</form></details>
`;
}

function messageForm(): Html {
  return collapsedForm(
    'Message',
    'm',
    'message',
    html`<label>For the next agent <textarea name="text" rows="3" required dir="auto"></textarea></label>
<p class="buttons"><button>Send</button> <output></output></p>`,
  );
}

const LIMITS: Readonly<Record<LimitName, string>> = {
  usd: 'Dollars',
  tokens: 'Tokens',
  hours: 'Hours',
  iterations: 'Iterations',
};

function resumeForm(isDone: boolean): Html {
  const text = isDone
    ? html`<label>New goal <textarea name="goal" rows="3" required dir="auto"></textarea></label>`
    : html`<label>Note for the next agent <textarea name="note" rows="2" dir="auto"></textarea></label>`;
  const limits = LIMIT_NAMES.map(
    (name) => html`<label>${LIMITS[name]} <input name="limit.${name}" inputmode="decimal" size="6"></label> `,
  );
  return collapsedForm(
    isDone ? 'New goal' : 'Resume',
    'r',
    'resume',
    html`${text}<details><summary>Limits of the whole session</summary><p class="limits">${limits}</p></details>
<p class="buttons"><button>${isDone ? 'Start' : 'Resume'}</button> <output></output></p>`,
  );
}

function stopForm(): Html {
  return collapsedForm(
    'Stop',
    's',
    'stop',
    html`<p class="buttons"><button name="when" value="after_iteration">After the current agent</button>
<button name="when" value="now">Now: end the agent, and keep its changes</button> <output></output></p>`,
  );
}

function finishForm(isDone: boolean): Html {
  const choices = FINISH_CHOICE_NAMES.filter((way) => isDone || way !== 'merge');
  return collapsedForm(
    'Finish',
    'f',
    'preview',
    html`<p class="buttons">${choices.map((way) => html`<button name="how" value="${way}">${FINISH_CHOICES[way].title} …</button> `)}</p>
<p class="note">Each one shows a preview first.</p><output></output>`,
  );
}

function verifyForm(): Html {
  return collapsedForm(
    'Verify',
    'v',
    'verify',
    html`<p>Repeats the checks of its proof on a fresh clone. This can take as long as the checks do.</p>
<p class="buttons"><button>Verify</button> <output></output></p>`,
  );
}

export function previewPart(
  how: FinishChoice,
  { would, blockers, text }: { would: readonly string[]; blockers: readonly string[]; text?: string },
): Html {
  if (blockers.length > 0)
    return html`${blockers.map((line) => html`<p class="attention">Not now: ${line}</p>`)}`;
  return html`<ul>${would.map((line) => html`<li>${line}</li>`)}</ul>
${text !== undefined && html`<details><summary>The text of the pull request</summary><pre>${text}</pre></details>`}
<form data-act="finish"><input type="hidden" name="how" value="${how}"><p class="buttons"><button>${FINISH_CHOICES[how].title}</button> <output></output></p></form>`;
}
