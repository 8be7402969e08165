import { duration } from '../base/durations.ts';
import { moment } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import { markdown } from './markdown-html.ts';
import type { ReportCheckSet, ReportPicture, ReportProof, SessionReportData } from './report-data.ts';

/** What the worker ran, the newest first: one that failed is open. */
export function checksPart(checks: readonly ReportCheckSet[]): Html {
  return html`${checks.toReversed().map(checkSet)}`;
}

function checkSet(
  { title, at, iteration, commit, sandbox, passed, runs }: ReportCheckSet,
  index: number,
): Html {
  const isOpen = index === 0 || !passed;
  const where = [
    iteration && `iteration ${iteration}`,
    `commit ${commit.slice(0, 8)}`,
    `sandbox: ${sandbox}`,
  ];
  return html`<details class="checks"${isOpen && html` open`}><summary><b class="mark ${passed ? 'good' : 'bad'}">${passed ? '✓ passed' : '✘ failed'}</b> ${title} <span class="note">${moment(at)} · ${where.filter(Boolean).join(' · ')}</span></summary>
${runs.map(checkRun)}</details>
`;
}

function checkRun({ command, how, durationMs, tail, isSetup }: ReportCheckSet['runs'][number]): Html {
  return html`<div class="run${how !== undefined && ' failed'}"><p><code dir="ltr">${command}</code>${isSetup && ' (SETUP)'} <span class="note">${how ?? 'exit 0'} · ${duration(durationMs)}</span></p>
${tail && html`<pre dir="ltr">${tail}</pre>`}</div>
`;
}

type Shown = Pick<SessionReportData, 'proof' | 'outsidePlan' | 'name'>;

/** The proof, and what a reviewer should look at. */
export function proofPart({ proof, outsidePlan, name }: Shown): Part {
  const outside =
    outsidePlan.length > 0 &&
    html`<details class="checks"><summary><b class="attention">${outsidePlan.length}</b> changed ${outsidePlan.length === 1 ? 'file' : 'files'} that the plan does not name</summary><ul>${outsidePlan.map(
      (path) => html`<li><code dir="ltr">${path}</code></li>
`,
    )}</ul></details>`;
  return [outside, proof && proofText(proof, name)];
}

function proofText({ commit, doneAt, text }: ReportProof, name: string): Html {
  return html`<details class="checks"><summary>Proof of commit <code>${commit.slice(0, 8)}</code>, ${moment(doneAt)}</summary>
<p class="note">What samocode recorded, no word of an agent. <code>samocode verify ${name}</code> repeats it on a fresh clone.</p>${markdown(text)}</details>`;
}

export function picturesPart(pictures: readonly ReportPicture[]): Html {
  return html`<div class="pictures">${pictures.map(
    ({
      name,
      data,
    }) => html`<figure><img src="data:image/png;base64,${data}" alt="${name}"><figcaption dir="auto">${name}</figcaption></figure>
`,
  )}</div>`;
}
