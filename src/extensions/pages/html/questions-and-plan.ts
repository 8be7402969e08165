import { counted } from '../../../core/kernel/text.ts';
import { moment } from './figures.ts';
import { checkMark, type Html, html, type Part } from './html.ts';
import { markdown } from './markdown.ts';
import type { ReportPlan, ReportQuestion, SessionReportData } from './report-data.ts';

export function questionPart({
  id,
  text,
  options,
  suggestion,
  answer = '',
  by,
  at,
  isOpen,
}: ReportQuestion): Html {
  const chosen = /^[A-Z](?:[\s,+&]+[A-Z])*$/.test(answer)
    ? [...answer].filter((sign) => /[A-Z]/.test(sign))
    : [];
  const given = answer !== '' && (chosen.length === 0 || options.length === 0);
  const who = [by, at && moment(at)].filter(Boolean);
  return html`<article class="qa${isOpen && ' open'}"><h3><span class="id">${id}</span> <span dir="auto">${text}</span></h3>
<ul class="options">${options.map(
    (
      option,
    ) => html`<li class="${chosen.includes(option.letter) && 'chosen'}"><b>${option.letter}</b> <span dir="auto">${option.text}</span></li>
`,
  )}</ul>
${given && html`<p class="answer" dir="auto">${answer}</p>`}
<p class="note" dir="auto">${isOpen && html`<b class="attention">open</b> `}${who.length > 0 && html`answered by ${who.map((each, index) => [index > 0 && ', ', each])}. `}${suggestion && `Suggested: ${suggestion}`}</p></article>
`;
}

export function planPart({ name, state, text, approved, phases }: ReportPlan): Html {
  const by = approved && html` by ${approved.by}${approved.at && html`, ${moment(approved.at)}`}`;
  return html`<p class="note"><code>${name}</code> · ${state.replaceAll('_', ' ')}${by}</p>
<ol class="progress">${phases.map(phaseProgress)}</ol>
<details><summary>The full plan</summary>${markdown(text)}</details>`;
}

function phaseProgress({ number, name, done, total, completed }: ReportPlan['phases'][number]): Html {
  const share = completed ? 1 : total > 0 ? done / total : 0;
  return html`<li><span class="id">${number}</span><span dir="auto">${name}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="${counted(done, 'step')} of ${total}"><rect class="rest" width="100" height="6"/><rect class="full" width="${(share * 100).toFixed(1)}" height="6"/></svg><span class="num">${completed ? '✓' : ''} ${done}/${total}</span></li>
`;
}

export function requirementsPart({ requirements }: SessionReportData): Part {
  const rows = requirements.map(({ id, text, check, isMet }) => {
    const how = check === 'reviewed' ? 'by review' : html`<code>${check}</code>`;
    return html`<li>${checkMark(isMet, ['met', 'open'])}<div><span class="id">${id}</span> <span dir="auto">${text}</span> <span class="note">${how}</span></div></li>
`;
  });
  return rows.length > 0 && html`<ul class="reqs">${rows}</ul>`;
}

interface PlanNotes {
  name?: string;
  warnings?: readonly string[];
  remarks?: readonly string[];
  servers?: readonly string[];
  /** Differences from the version that the person saw. */
  changes?: string;
}

/** Renders the notes for a person who decides on a plan. */
export function planNotes({ name, warnings = [], remarks = [], servers = [], changes }: PlanNotes): Html {
  return html`${name && html`<p class="note"><code>${name}</code></p>`}
${warnings.map((line) => html`<p class="attention">${line}</p>`)}${remarks.map((line) => html`<p>${line}</p>`)}
${servers.length > 0 && html`<p class="attention">An approval also accepts these MCP servers:</p><ul>${servers.map((line) => html`<li><code>${line}</code></li>`)}</ul>`}
${changes !== undefined && html`<details open class="changes"><summary>What changed since the version you saw</summary><pre dir="ltr" tabindex="0">${changes}</pre></details>`}`;
}
