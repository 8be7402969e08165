import { counted } from '../base/plain-words.ts';
import { many, money, tokensOf } from './figures.ts';
import { cardOf } from './head.ts';
import { html } from './html.ts';
import type { OverviewReportData, SessionCard, Tone } from './report-data.ts';
import { wholePage } from './whole-page.ts';

const GROUPS: readonly (readonly [Tone, string])[] = [
  ['person', 'Needs you'],
  ['working', 'Working'],
  ['done', 'Done'],
  ['resting', 'Stopped'],
];

/** The page over several sessions: what needs the person first. */
export function overviewPage({ cards, scope, madeAt, version }: OverviewReportData): string {
  const groups = GROUPS.map(([tone, title]) => ({
    title,
    tone,
    own: cards.filter((card) => card.tone === tone),
  }));
  const there = groups.filter(({ own }) => own.length > 0);
  const body = html`<header class="head"><p class="over">samocode</p><h1>Sessions</h1>
<p class="sentence">${scope}</p>
<div class="tiles">${groups.map(
    ({
      title,
      own,
      tone,
    }) => html`<div class="tile tone-${tone}"><span>${title}</span><strong>${own.length}</strong><small>${spentBy(own)}</small></div>
`,
  )}</div></header>
${there.length === 0 && html`<p>There are no sessions.</p>`}
${there.map(
  ({ title, own }) => html`<section><h2>${title} <small>${counted(own.length, 'session')}</small></h2>
<div class="cards">${own.map(cardOf)}</div></section>
`,
)}`;
  return wholePage({ title: 'Sessions · samocode', body, madeAt, version });
}

function spentBy(cards: readonly SessionCard[]): string | undefined {
  const usd = cards.reduce((sum, { cost }) => sum + (cost.usd ?? 0), 0);
  const tokens = cards.reduce((sum, { cost }) => sum + tokensOf(cost), 0);
  if (usd > 0) return money({ usd, usdIsEstimate: cards.some(({ cost }) => cost.usdIsEstimate) });
  return tokens > 0 ? `${many(tokens)} tokens` : undefined;
}
