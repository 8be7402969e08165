import { duration } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, type Phase } from '../../../core/kernel/phases/table.ts';
import { counted } from '../../../core/kernel/text.ts';
import {
  changedLines,
  compact,
  countedTokens,
  elapsed,
  grouped,
  moment,
  momentOfDay,
  money,
  unbroken,
} from './figures.ts';
import { factList, type Html, html, type Part } from './html.ts';
import type {
  ReportDiff,
  ReportGap,
  ReportIteration,
  SessionReportData,
  TranscriptPiece,
} from './report-data.ts';

type Charted = Pick<SessionReportData, 'iterations' | 'gaps' | 'startedAt' | 'until' | 'cost'>;

/** In drawing units. */
const WIDTH = 1000;
const MAX_TICKS = 5;
/** On a timeline shorter than this, labels show seconds. */
const SHORT_MS = 10 * 60_000;

/** Draws the iterations, the waits and the cost of a session on one timeline. */
export function timeline({ iterations, gaps, startedAt, until, cost }: Charted): Html {
  const start = Date.parse(startedAt);
  const length = Math.max(1, Date.parse(until) - start);
  // The clock may have been set back.
  const at: Scale = (time) => Math.min(Math.max((Date.parse(time) - start) / length, 0), 1) * WIDTH;
  const lastTick = tickCount(length) - 1;
  const ticks = Array.from({ length: lastTick + 1 }, (_, index) => {
    const tick = new Date(start + (length * index) / lastTick).toISOString();
    return length < SHORT_MS ? momentOfDay(tick) : moment(tick);
  });
  const phases = PHASE_NAMES.filter((phase) => iterations.some((each) => each.phase === phase));
  return html`<div class="lanes">${phases.map((phase) => {
    const own = iterations.filter((each) => each.phase === phase);
    return phaseLane(phase, own, (each) => extent(each.startedAt, agentEnd(each) ?? until, at));
  })}${gaps.length > 0 && gapLane(gaps, at)}${costLane({ iterations, cost, until }, at)}
<div class="lane axis"><div class="lane-name"></div><div class="ticks">${ticks}</div></div></div>`;
}

/** As many as have different labels, of seconds or of minutes. */
function tickCount(lengthMs: number): number {
  return Math.min(MAX_TICKS, Math.max(2, Math.floor(lengthMs / 1000) + 1));
}

/** An iteration ends with checks, during which no agent works. */
function agentEnd({ startedAt, endedAt, durationMs }: ReportIteration): string | undefined {
  if (endedAt === undefined) return undefined;
  const agentMs = Date.parse(startedAt) + durationMs;
  return new Date(Math.min(agentMs, Math.max(Date.parse(endedAt), Date.parse(startedAt)))).toISOString();
}

/** Maps a moment to a position from 0 to `WIDTH`. */
type Scale = (moment: string) => number;

function phaseLane(phase: Phase, own: readonly ReportIteration[], where: (each: ReportIteration) => Part) {
  const worked = own.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const bars = own.map((each) => {
    const isBad = each.ending !== undefined && each.ending !== 'signalled';
    const words = [each.ending ?? 'running', duration(each.durationMs), money(each.cost)].filter(Boolean);
    return html`<a href="#i${each.iteration}" tabindex="-1"><rect class="bar${isBad && ' bad'}" ${where(each)} y="3" height="14"><title>iteration ${each.iteration}: ${words.join(', ')}</title></rect></a>`;
  });
  return lane(phase, `${own.length} × · ${duration(worked)}`, bars);
}

function gapLane(gaps: readonly ReportGap[], at: Scale): Html {
  const waitedMs = gaps.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0);
  const waits = gaps.map(
    ({ from, to, words, isForPerson }) =>
      html`<rect class="${isForPerson ? 'wait' : 'idle'}" ${extent(from, to, at)} y="5" height="10"><title>${words}, ${elapsed(from, to)}</title></rect>`,
  );
  return lane('no agent', duration(waitedMs), waits);
}

/** Spreads the cost of each iteration over its time, because only the total is recorded. */
function costLane(
  { iterations, cost, until }: Pick<Charted, 'iterations' | 'cost' | 'until'>,
  at: Scale,
): Part {
  const total = iterations.reduce((sum, each) => sum + (each.cost.usd ?? 0), 0);
  if (total === 0) return undefined;
  let spent = 0;
  const point = (time: string) => `${at(time).toFixed(1)},${(20 * (1 - spent / total)).toFixed(1)}`;
  const points = iterations.flatMap((each) => {
    const before = point(each.startedAt);
    spent += each.cost.usd ?? 0;
    return [before, point(agentEnd(each) ?? until)];
  });
  const line = html`<path class="area" d="M0,20L${points.join('L')}L${point(until)}V20Z"/>`;
  return lane('cost', money(cost) ?? money({ usd: total }) ?? '', line);
}

/** The drawing is for the mouse: its name and figures are text beside it, and the list has each iteration. */
function lane(name: Phase | 'no agent' | 'cost', words: string, shapes: Part): Html {
  return html`<div class="lane"><div class="lane-name"><b>${name}</b> <span>${words}</span></div>
<svg viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" aria-hidden="true">${shapes}</svg></div>
`;
}

/** The position and width of a bar, never too short to be visible. */
function extent(from: string, to: string, at: Scale): Html {
  const width = Math.max(2, at(to) - at(from));
  return html`x="${Math.min(at(from), WIDTH - width).toFixed(1)}" width="${width.toFixed(1)}"`;
}

export function iterationsPart(iterations: readonly ReportIteration[]): Html[] {
  return iterations.map(iterationPart);
}

function iterationPart(each: ReportIteration): Html {
  const { iteration, phase, diff, cost, did, problem, load } = each;
  const stat = diff && diff.files.length > 0 && changedLines(diff.added, diff.removed);
  const loading = load !== undefined && html` data-load="${load}" data-into="in-${iteration}"`;
  return html`<details class="it" id="i${iteration}"${load !== undefined && html` data-in="session"`}><summary${loading}>
<span class="n">${iteration}</span><span class="phase">${phase}</span><span class="did"><bdi>${did ?? problem ?? ''}</bdi></span>
<span class="stat">${stat}</span><span class="num">${unbroken(duration(each.durationMs))}</span><span class="num">${money(cost) ?? ''}</span>${endMark(each)}</summary>
<div class="in" id="in-${iteration}">${load === undefined && iterationDetails(each)}</div></details>
`;
}

/** What an iteration did: its facts, commits, changes and transcript. */
export function iterationDetails(each: ReportIteration): Html {
  const { diff } = each;
  return html`${facts(each)}${commits(each)}${diff && diff.files.length > 0 && diffPart(diff)}${transcriptSection(each)}`;
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

/** A diff in colours, below what may stand before it; without lines that name only hashes. */
export function colouredDiff(text: string): Part[] {
  const at = text.search(/^diff --git /m);
  if (at === -1) return [text];
  const lines = text.slice(at).split('\n');
  return [
    text.slice(0, at),
    ...runsOfOneKind(lines.filter((line) => !/^index [\da-f]+\.\.[\da-f]+/.test(line))),
  ];
}

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
  if (transcript === undefined) return undefined;
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
