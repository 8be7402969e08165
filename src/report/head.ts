import { duration } from '../base/durations.ts';
import { counted } from '../base/plain-words.ts';
import { PHASE_NAMES } from '../phases/table.ts';
import { lasted, many, money, tokensOf } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import { factList } from './iterations.ts';
import type { SessionCard, SessionReportData, Tone } from './report-data.ts';

const TONES: Readonly<Record<Tone, string>> = {
  person: 'needs you',
  working: 'working',
  done: 'done',
  resting: 'stopped',
};

/** The head of a session's own page: what it is, what it did and whether that was shown. */
export function cardHead(data: SessionReportData): Html {
  const { name, project, tone, sentence, says, next, branch, base, sandbox } = data;
  return html`<header class="head tone-${tone}">
<p class="over"><span class="tone">${TONES[tone]}</span> <bdi>${project}</bdi></p>
<h1><bdi>${name}</bdi></h1>
<p class="sentence">${sentence}</p>
${says && html`<blockquote class="says" dir="auto">${says}</blockquote>`}
${phaseBar(data)}
<div class="tiles">${tiles(data)}</div>
${factList([
  [
    'branch',
    branch && html`<code dir="ltr">${branch}</code>${base && html` from <code dir="ltr">${base}</code>`}`,
  ],
  ['sandbox', sandbox],
  ['next', next && html`<code dir="ltr">${next}</code>`],
])}</header>
`;
}

function tiles(data: SessionReportData): Part[] {
  const { startedAt, until, iterationCount, workedMs, cost, requirements } = data;
  const tokens = tokensOf(cost);
  const met = requirements.filter(({ isMet }) => isMet).length;
  return [
    tile('Elapsed', lasted(startedAt, until), `agents worked ${duration(workedMs)}`),
    tile(
      'Iterations',
      String(iterationCount),
      requirements.length > 0 && `${met} of ${counted(requirements.length, 'requirement')} met`,
    ),
    tile('Cost', money(cost) ?? 'not reported', tokens > 0 && `${many(tokens)} tokens`),
    proofTile(data),
  ];
}

function proofTile({ tone, isProved, checks }: SessionReportData): Html {
  if (isProved) return tile('Proof', html`<b class="good">yes</b>`, 'all checks passed on its last commit');
  if (tone === 'done')
    return tile(
      'Proof',
      html`<b class="attention">no</b>`,
      checks.length > 0 ? 'no passing checks on its last commit' : 'no checks are set',
    );
  return tile('Proof', 'not yet', 'it is made at done');
}

function tile(title: string, value: Part, words: Part): Html {
  return html`<div class="tile"><span>${title}</span><strong>${value}</strong><small>${words}</small></div>
`;
}

/** The phases as a row, how far it came. */
function phaseBar({ phase, tone }: Pick<SessionCard, 'phase' | 'tone'>): Html {
  const now = PHASE_NAMES.indexOf(phase);
  const stateOf = (index: number) =>
    index < now || tone === 'done' ? 'past' : index === now ? 'now' : 'rest';
  return html`<ol class="phases" aria-label="in ${phase}">${PHASE_NAMES.map(
    (each, index) => html`<li class="${stateOf(index)} p-${each}"><span>${each}</span></li>`,
  )}</ol>
`;
}

/** A session among others. */
export function cardOf(card: SessionCard): Html {
  const { name, project, tone, sentence, says, next, page, branch, startedAt, until } = card;
  const tokens = tokensOf(card.cost);
  const words = [
    counted(card.iterationCount, 'iteration'),
    lasted(startedAt, until),
    money(card.cost) ?? (tokens > 0 && `${many(tokens)} tokens`),
    tone === 'done' && (card.isProved ? 'proved' : 'not proved'),
  ].filter(Boolean);
  const title = page === undefined ? name : html`<a href="${page}">${name}</a>`;
  return html`<article class="card tone-${tone}"><h3><bdi>${title}</bdi> <small><bdi>${project}</bdi></small></h3>
<p class="sentence">${sentence}</p>
${says && html`<p class="says" dir="auto">${says}</p>`}
${phaseBar(card)}
<p class="note">${words.join(' · ')}${branch && html` · <code dir="ltr">${branch}</code>`}</p>
${next && html`<p class="next"><code dir="ltr">${next}</code></p>`}</article>
`;
}
