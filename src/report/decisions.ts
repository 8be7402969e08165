import { counted } from '../base/plain-words.ts';
import { moment } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import { markdown } from './markdown-html.ts';
import type { ReportPlan, ReportQuestion, SessionReportData } from './report-data.ts';

/** The questions with what could be chosen and what was. */
export function questionsPart(questions: readonly ReportQuestion[]): Html {
  return html`<div class="qas">${questions.map(questionPart)}</div>`;
}

function questionPart({ id, text, options, suggestion, answer, by, at, isOpen }: ReportQuestion): Html {
  const chosen: string[] = /^[A-Z](?:[\s,+&]+[A-Z])*$/.test(answer ?? '')
    ? (answer?.match(/[A-Z]/g) ?? [])
    : [];
  const option = (letter: string, words: string) => {
    const isChosen = chosen.includes(letter);
    return html`<li class="${isChosen && 'chosen'}"><b>${letter}</b> <span dir="auto">${words}</span></li>
`;
  };
  const given = chosen.length > 0 && options.length > 0 ? undefined : answer;
  const who = [by, at && moment(at)].filter(Boolean);
  return html`<article class="qa${isOpen && ' open'}"><h3><span class="id">${id}</span> <span dir="auto">${text}</span></h3>
<ul class="options">${options.map(({ letter, text: words }) => option(letter, words))}</ul>
${given !== undefined && html`<p class="answer" dir="auto">${given}</p>`}
<p class="note" dir="auto">${isOpen && html`<b class="attention">open</b> `}${who.length > 0 && html`answered by ${who.map((each, index) => [index > 0 && ', ', each])}. `}${suggestion && `Suggested: ${suggestion}`}</p></article>
`;
}

/** How far the plan is, and its text. */
export function planPart({ name, state, text, approved, phases }: ReportPlan): Html {
  const by = approved && html` by ${approved.by}${approved.at && html`, ${moment(approved.at)}`}`;
  return html`<p class="note"><code>${name}</code> · ${state.replaceAll('_', ' ')}${by}</p>
<ol class="progress">${phases.map(phaseProgress)}</ol>
<details><summary>The whole plan</summary>${markdown(text)}</details>`;
}

const BAR = 100;

function phaseProgress({ number, name, done, total, completed }: ReportPlan['phases'][number]): Html {
  const share = completed ? 1 : total > 0 ? done / total : 0;
  return html`<li><span class="id">${number}</span><span dir="auto">${name}</span><svg viewBox="0 0 ${BAR} 6" preserveAspectRatio="none" role="img" aria-label="${counted(done, 'step')} of ${total}"><rect class="rest" width="${BAR}" height="6"/><rect class="full" width="${(share * BAR).toFixed(1)}" height="6"/></svg><span class="num">${completed ? '✓' : ''} ${done}/${total}</span></li>
`;
}

type Ledger = Pick<SessionReportData, 'requirements'>;

/** What must hold, and whether it was shown. */
export function requirementsPart({ requirements }: Ledger): Part {
  if (requirements.length === 0) return undefined;
  return html`<ul class="reqs">${requirements.map(
    ({
      id,
      text,
      check,
      isMet,
    }) => html`<li>${isMet ? html`<b class="tick on" title="met">✓</b>` : html`<b class="tick" title="open"></b>`}<div><span class="id">${id}</span> <span dir="auto">${text}</span> <span class="note">${check === 'reviewed' ? 'by review' : html`<code>${check}</code>`}</span></div></li>
`,
  )}</ul>`;
}
