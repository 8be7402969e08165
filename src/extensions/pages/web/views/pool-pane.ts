import type { ActionContext } from '../../../../core/caller/context/context.ts';
import type { KnownPool, PoolMachine } from '../../../../core/caller/context/pools.ts';
import { fromExtensions } from '../../../../core/kernel/extension.ts';
import { counted } from '../../../../core/kernel/text.ts';
import { type Html, html } from '../../html/html.ts';
import { type Pane, panePiece } from './session-pane.ts';
import type { Piece } from './tab-view.ts';

/** The signs of life change this often. */
const SPACING_MS = 5000;

/** Whether the page offers the pools of this machine. */
export async function hasPools(context: ActionContext): Promise<boolean> {
  return (await fromExtensions('pools')[0]?.isMember(context)) ?? false;
}

/** The machines of the pools. */
export function poolPane(context: ActionContext): Pane {
  const { clock } = context;
  let atMs = Number.NEGATIVE_INFINITY;
  let shown: Piece[] = [];
  return async () => {
    if (clock.monotonic() - atMs < SPACING_MS) return shown;
    const pools = (await fromExtensions('pools')[0]?.known(context)) ?? [];
    atMs = clock.monotonic();
    shown = panePiece('pool', html`<h1>Pool</h1>${poolsPart(pools)}`);
    return shown;
  };
}

function poolsPart(pools: readonly KnownPool[]): Html {
  if (pools.length === 0) return html`<p class="sentence">This machine has joined no pool.</p>`;
  return html`${pools.map(poolPart)}`;
}

function poolPart({ projectDir, machines, problems }: KnownPool): Html {
  return html`<section class="pool" aria-label="${projectDir}"><h2><code dir="ltr">${projectDir}</code></h2>
${problems.map((problem) => html`<p class="bad">${problem}</p>`)}
<ul class="cards">${machines.map(machineCard)}</ul></section>`;
}

function machineCard(machine: PoolMachine): Html {
  const { name, isSelf, note, sign, slots, clis, level, version, sessions } = machine;
  const used = slots && `${slots.used} of ${counted(slots.all, 'slot')} used`;
  const offers = [sign, used, clis.join(', '), level && `sandbox ${level}`, version && `samocode ${version}`];
  return html`<li class="card"><h3><bdi>${name}</bdi> <small>${isSelf && 'this machine'}</small></h3>
${note && html`<p>${note}</p>`}<p class="note">${offers.filter(Boolean).join(' · ')}</p>
${sessions.length > 0 && html`<p>Sessions: ${sessions.map((folder, at) => html`${at > 0 && ', '}<bdi>${folder}</bdi>`)}</p>`}</li>`;
}
