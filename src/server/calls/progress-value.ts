import { PHASE_NAMES } from '../../phases/table.ts';

/**
 * The numbers of one call's progress. They must grow with every message, while a session may stay in its phase for an
 * hour, or go back from testing to implementation: within a phase they come ever nearer to the next one.
 */
export function newProgressValue(): (phasesBehind?: number) => { progress: number; total?: number } {
  let told = 0;
  let most = -1;
  let toldInMost = 0;
  return (phasesBehind) => {
    told += 1;
    if (phasesBehind === undefined) return { progress: told };
    toldInMost = phasesBehind > most ? 1 : toldInMost + 1;
    most = Math.max(most, phasesBehind);
    return { progress: most + 1 - 1 / toldInMost, total: PHASE_NAMES.length };
  };
}
