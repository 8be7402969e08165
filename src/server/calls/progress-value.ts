import { PHASE_NAMES } from '../../phases/table.ts';

/**
 * The numbers of one call's progress. They must grow with every message, while a session may stay in its phase for an
 * hour, or go back from testing to implementation: within a phase they come ever nearer to the next one.
 */
export function newProgressValue(): (phasesBehind?: number) => { progress: number; total?: number } {
  let last = Number.NEGATIVE_INFINITY;
  let most = -1;
  let toldInMost = 0;
  let told = 0;
  const grown = (value: number): number => {
    // Only where a look failed meanwhile, and nothing was known of its phase.
    last = value > last ? value : (last + Math.floor(last) + 1) / 2;
    return last;
  };
  return (phasesBehind) => {
    told += 1;
    if (phasesBehind === undefined) return { progress: grown(told) };
    toldInMost = phasesBehind > most ? 1 : toldInMost + 1;
    most = Math.max(most, phasesBehind);
    return { progress: grown(most + 1 - 1 / toldInMost), total: PHASE_NAMES.length };
  };
}
