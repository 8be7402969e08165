import { PHASE_NAMES, type Phase } from '../phases/table.ts';
import type { Style } from './style.ts';

export interface PhaseLineOptions {
  phase: Phase;
  /** Everything is over, the last phase too. */
  isDone: boolean;
  columns: number;
  style: Style;
}

const ARROW = ' ▸ ';

/** `✔ init ▸ ✔ investigation ▸ ● requirements ▸ planning …`; finished phases shrink where room is short. */
export function phaseLine({ phase, isDone, columns, style }: PhaseLineOptions): string {
  const current = isDone ? PHASE_NAMES.length : PHASE_NAMES.indexOf(phase);
  const { length } = PHASE_NAMES.map((name, index) => (index <= current ? `✔ ${name}` : name)).join(ARROW);
  const shrinks = length >= columns;
  const parts = PHASE_NAMES.map((name, index) => {
    if (index < current) return style.good(shrinks ? '✔' : `✔ ${name}`);
    return index === current ? style.bold(style.accent(`● ${name}`)) : style.dim(name);
  });
  if (!shrinks) return parts.join(style.dim(ARROW));
  const finished = parts.slice(0, current).join('');
  const rest = parts.slice(current).join(style.dim(ARROW));
  return finished && rest ? `${finished}${style.dim(ARROW)}${rest}` : finished || rest;
}
