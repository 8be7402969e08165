import { duration } from '../../../core/kernel/durations.ts';
import { counted } from '../../../core/kernel/text.ts';
import { compact, countedTokens, grouped, moment, money, unbroken } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportDiff, ReportIteration, TranscriptPiece } from './report-data.ts';

export function iterationsPart(iterations: readonly ReportIteration[]): Html[] {
  return iterations.map(iterationPart);
}

function iterationPart(each: ReportIteration): Html {
  const { iteration, phase, diff, cost, did, problem } = each;
  const stat = diff && diff.files.length > 0 && changedLines(diff.added, diff.removed);
  return html`<details class="it" id="i${iteration}"><summary>
<span class="n">${iteration}</span><span class="phase">${phase}</span><span class="did"><bdi>${did ?? problem ?? ''}</bdi></span>
<span class="stat">${stat}</span><span class="num">${unbroken(duration(each.durationMs))}</span><span class="num">${money(cost) ?? ''}</span>${endMark(each)}</summary>
<div class="in">${facts(each)}${commits(each)}${diff && diff.files.length > 0 && diffPart(diff)}${transcriptSection(each)}</div></details>
`;
}

function endMark({ ending }: ReportIteration): Html {
  if (ending === undefined) return html`<span class="mark run">running</span>`;
  if (ending === 'signalled') return html`<span class="mark good" title="ended with a signal">✓</span>`;
  return html`<span class="mark bad">${ending.replaceAll('_', ' ')}</span>`;
}

function facts(each: ReportIteration): Html {
  const { startedAt, provider, model, decided, problem, next, cost, tools } = each;
  const tokens = countedTokens(cost);
  const calls = tools.slice(0, 8).map(([name, count]) => `${name} ${count}`);
  const rows: [string, Part][] = [
    ['started', moment(startedAt)],
    ['agent', [provider, model].filter(Boolean).join(' ')],
    ['then', decided],
    ['problem', problem],
    ['next', next],
    ['tokens', tokens > 0 && `${grouped(tokens)} (${compact(cost.outputTokens ?? 0)} out)`],
    ['tools', calls.join(', ')],
  ];
  return factList(rows);
}

export function factList(rows: readonly (readonly [name: string, value: Part])[]): Html {
  const shown = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl>${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>
`;
}

function commits({ commits: made }: ReportIteration): Part {
  if (made.length === 0) return undefined;
  return html`<h3>Commits</h3><ul class="commits">${made.map(
    ({ hash, subject }) => html`<li><code>${hash.slice(0, 8)}</code> <span dir="auto">${subject}</span></li>
`,
  )}</ul>
`;
}

function diffPart({ files, isCut, moreFiles, added, removed }: ReportDiff): Html {
  return html`<section class="diff"><h3>Changes <span class="stat">${changedLines(added, removed)}</span></h3>
${files.map(filePart)}
${isCut && html`<p class="note">${moreFiles > 0 && `… and ${counted(moreFiles, 'more file')}. `}The diff is truncated here. The full diff: <code>samocode diff</code>.</p>`}
</section>`;
}

export function changedLines(added: number, removed: number): Html {
  return html`<ins>+${added}</ins> <del>−${removed}</del>`;
}

function filePart({ path, added, removed, patch }: ReportDiff['files'][number]): Html {
  const counts = added === null || removed === null ? 'binary' : changedLines(added, removed);
  const head = html`<code>${path}</code> <span class="stat">${counts}</span>`;
  if (patch === undefined)
    return html`<div class="file" dir="ltr">${head}</div>
`;
  const [, ...lines] = patch.split('\n');
  const hunk = lines.findIndex((line) => line.startsWith('@@'));
  const shown = hunk === -1 ? lines.join('\n') : runsOfOneKind(lines.slice(hunk));
  return html`<details class="file"><summary dir="ltr">${head}</summary><pre dir="ltr" tabindex="0">${shown}</pre></details>
`;
}

const MARKS: Readonly<Record<string, (text: string) => Html>> = {
  '+': (text) => html`<ins>${text}</ins>`,
  '-': (text) => html`<del>${text}</del>`,
  '@': (text) => html`<i>${text}</i>`,
};

/** Adjacent lines of one kind share an element, which keeps a page with many diffs small. */
function runsOfOneKind(lines: readonly string[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  while (from < lines.length) {
    const sign = (lines[from] ?? '')[0] ?? ' ';
    let to = from + 1;
    while (to < lines.length && ((lines[to] ?? '')[0] ?? ' ') === sign) to += 1;
    const text = `${lines.slice(from, to).join('\n')}\n`;
    parts.push(MARKS[sign]?.(text) ?? text);
    from = to;
  }
  return parts;
}

function transcriptSection({ iteration, transcript }: ReportIteration): Part {
  if ('link' in transcript) return html`<h3><a href="${transcript.link}">Transcript</a></h3>`;
  const { entries, isCut } = transcript;
  if (entries.length === 0 && !isCut) return undefined;
  return html`<details class="transcript"><summary><h3>Transcript</h3></summary>${
    isCut &&
    html`<p class="note">Only the end is shown. All of it: <code>samocode log --iteration ${iteration}</code>.</p>`
  }${transcriptBody(entries)}</details>
`;
}

export function transcriptBody(entries: readonly TranscriptPiece[]): Html {
  return html`<div class="said">${joinPieces(entries).map(
    ({ kind, depth, failed, text }) =>
      html`<p class="${kind}${depth > 0 && ' sub'}${failed === true && ' failed'}" dir="auto">${text}</p>
`,
  )}</div>`;
}

/** Joins a text that arrives in pieces into one paragraph. */
function joinPieces(entries: readonly TranscriptPiece[]): TranscriptPiece[] {
  const whole: TranscriptPiece[] = [];
  for (const entry of entries) {
    const last = whole.at(-1);
    if (entry.continues && entry.kind === 'text' && last?.kind === 'text')
      whole[whole.length - 1] = { ...last, text: last.text + entry.text };
    else whole.push(entry);
  }
  return whole;
}
