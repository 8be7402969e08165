import { counted } from '../../../core/kernel/text.ts';
import { elapsed, money, tokensText } from './figures.ts';
import { type Html, html } from './html.ts';
import { htmlPage } from './html-page.ts';
import type { OverviewReportData, SessionCard, Tone } from './report-data.ts';
import { phaseBar } from './session-page.ts';

const GROUPS: readonly (readonly [Tone, string])[] = [
  ['person', 'Needs you'],
  ['working', 'Working'],
  ['done', 'Done'],
  ['resting', 'Stopped'],
];

/** The page about several sessions; those that need the person come first. */
export function overviewPage(data: OverviewReportData): string {
  const groups = GROUPS.map(([tone, title]) => ({
    title,
    own: data.cards.filter((card) => card.tone === tone),
  }));
  const body = html`<header class="head"><p class="over">samocode</p><h1>Sessions</h1>
<p class="sentence">${data.scope}</p></header>
${data.cards.length === 0 && html`<p>There are no sessions.</p>`}
${groups.map(
  ({ title, own }) =>
    own.length > 0 &&
    html`<section><h2>${title} <small>${counted(own.length, 'session')}</small></h2>
<div class="cards">${own.map(cardOf)}</div></section>
`,
)}`;
  return htmlPage('Sessions · samocode', body, data);
}

/** The card of one session. */
function cardOf(card: SessionCard): Html {
  const {
    name,
    project,
    tone,
    sentence,
    says,
    next: [next],
    page,
    branch,
    startedAt,
    until,
  } = card;
  const words = [
    counted(card.iterationCount, 'iteration'),
    elapsed(startedAt, until),
    money(card.cost) ?? tokensText(card.cost),
    card.proved && `proof ${card.proved.how}: ${card.proved.words}`,
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
