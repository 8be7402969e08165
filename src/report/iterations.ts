import { duration } from '../base/durations.ts';
import { changedLines, diffPart } from './diff-lines.ts';
import { many, moment, money, tokensOf } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportIteration, ReportTranscript } from './report-data.ts';
import { transcriptPart } from './transcript-part.ts';

/** Each iteration as a line that opens. */
export function iterationsPart(iterations: readonly ReportIteration[]): Html {
  return html`<div class="its">${iterations.map(iterationPart)}</div>`;
}

function iterationPart(each: ReportIteration): Html {
  const { iteration, phase, diff, cost, did, problem } = each;
  const stat = diff && diff.files.length > 0 && changedLines(diff.added, diff.removed);
  return html`<details class="it p-${phase}" id="i${iteration}"><summary>
<span class="n">${iteration}</span><span class="phase">${phase}</span><span class="did"><bdi>${did ?? problem ?? ''}</bdi></span>
<span class="stat">${stat}</span><span class="num">${duration(each.durationMs)}</span><span class="num">${money(cost) ?? ''}</span>${endMark(each)}</summary>
<div class="in">${facts(each)}${commits(each)}${diff && diff.files.length > 0 && diffPart(diff)}${transcriptOf(each.transcript)}</div></details>
`;
}

function transcriptOf(transcript: ReportTranscript | undefined): Part {
  return transcript !== undefined && transcript.count > 0 && transcriptPart(transcript);
}

function endMark({ ending }: ReportIteration): Html {
  if (ending === undefined) return html`<span class="mark run">running</span>`;
  if (ending === 'signalled') return html`<span class="mark good" title="ended with a signal">✓</span>`;
  return html`<span class="mark bad">${ending.replaceAll('_', ' ')}</span>`;
}

function facts(each: ReportIteration): Html {
  const { startedAt, provider, model, decided, problem, next, cost, tools } = each;
  const tokens = tokensOf(cost);
  const calls = tools.slice(0, 8).map(([name, count]) => `${name} ${count}`);
  const rows: [string, Part][] = [
    ['started', moment(startedAt)],
    ['agent', [provider, model].filter(Boolean).join(' ')],
    ['then', decided],
    ['problem', problem],
    ['next', next],
    ['tokens', tokens > 0 && `${many(tokens)} (${many(cost.outputTokens ?? 0)} out)`],
    ['tools', calls.join(', ')],
  ];
  return factList(rows);
}

/** Those of the rows that have something to say. */
export function factList(rows: readonly (readonly [name: string, value: Part])[]): Html {
  const shown = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl>${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>
`;
}

function commits({ commits: made }: ReportIteration): Part {
  if (made.length === 0) return undefined;
  return html`<h4>Commits</h4><ul class="commits">${made.map(
    ({ hash, subject }) => html`<li><code>${hash.slice(0, 8)}</code> <span dir="auto">${subject}</span></li>
`,
  )}</ul>
`;
}
